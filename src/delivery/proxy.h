/*
 * proxy.h
 *	  Through whom webhooks are sent, if not directly. Pure: values in, values
 *	  out.
 */
#ifndef RF_PROXY_H
#define RF_PROXY_H

/* Setting referral.proxy: a URL; empty: none. */
extern char *rf_proxy;

/* NULL if the URL can be a proxy's, else what is wrong with it (static). */
extern const char *rf_proxy_check(const char *url);

#endif /* RF_PROXY_H */
