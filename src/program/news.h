/*
 * news.h
 *	  The running transaction has news for the worker: deliveries, or changes of
 *	  what it has read.
 */
#ifndef RF_NEWS_H
#define RF_NEWS_H

/* Set by the server's part; tells the worker when the transaction commits. */
extern PGDLLIMPORT void (*rf_news_hook)(void);

extern void rf_news_announce(void);

#endif /* RF_NEWS_H */
