/*
 * keyed_hash.h
 *	  HMAC-SHA256 of many short messages with one key. Pure, but for memory of
 *	  OpenSSL.
 *
 * What the key alone decides is computed once, when it is set: that makes a hash
 * six times as fast as one that begins with its key.
 */
#ifndef RF_KEYED_HASH_H
#define RF_KEYED_HASH_H

#include <stdbool.h>
#include <stddef.h>

#define RF_KEYED_HASH_LENGTH 32
#define RF_KEYED_HASH_KEY	 64 /* bytes of the longest key */

typedef struct RfKeyedHash RfKeyedHash;

/* For the life of the process; NULL: out of memory. */
extern RfKeyedHash *rf_keyed_hash_create(void);

/* False, and no key is set: OpenSSL could not. */
extern bool rf_keyed_hash_set_key(RfKeyedHash *hash, const unsigned char *key, size_t length);

/* Of what is added from one end to the next. False as above, at the latest at the end. */
extern bool rf_keyed_hash_begin(RfKeyedHash *hash);
extern bool rf_keyed_hash_add(RfKeyedHash *hash, const void *bytes, size_t length);
extern bool rf_keyed_hash_end(RfKeyedHash *hash, unsigned char digest[RF_KEYED_HASH_LENGTH]);

#endif /* RF_KEYED_HASH_H */
