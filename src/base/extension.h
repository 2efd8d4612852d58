/*
 * extension.h
 *	  Is the extension there, and in the library's version? For our own
 *	  processes, which no SQL function called and which therefore have to look.
 */
#ifndef RF_EXTENSION_H
#define RF_EXTENSION_H

#include "base/engine.h"

/*
 * In a transaction: look the extension up in the current database and enter
 * the engine (see engine.h). Returns false, and enters nothing, if the
 * extension is absent or its SQL is of another version than this library.
 */
extern PGDLLEXPORT bool rf_extension_enter(RfEngine *engine);

#endif /* RF_EXTENSION_H */
