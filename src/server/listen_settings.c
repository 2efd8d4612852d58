/*
 * listen_settings.c
 *	  See listen_settings.h.
 */
#include "server/listen_settings.h"

char *rf_listen = NULL;
int	  rf_listeners_wanted = 1;
int	  rf_listen_max_connections = 1000;
int	  rf_listen_max_header = 16 * 1024;
int	  rf_listen_max_connections_per_address = 100;
int	  rf_listen_max_body = 256 * 1024;
int	  rf_listen_timeout = 10000;
int	  rf_listen_rate = 1000;
char *rf_trusted_proxies = NULL;
int	  rf_log_requests = 0;

const char *
rf_listen_parse_proxies(const char *text, RfNetworks *networks, bool *local)
{
	static const char separators[] = ", \t\r\n";
	static const char word[] = "unix";
	char			 *rest = pstrdup(text != NULL ? text : "");
	const char		 *wrong;

	*local = false;
	for (char *c = rest + strspn(rest, separators); *c != '\0'; c += strspn(c, separators))
	{
		size_t length = strcspn(c, separators);

		if (length == sizeof(word) - 1 && strncmp(c, word, length) == 0)
		{
			*local = true;
			memset(c, ' ', length);
		}
		c += length;
	}
	wrong = rf_address_parse_networks(rest, networks);
	pfree(rest);
	return wrong;
}
