/* links: server/listen_entry.c */
/*
 * listen_entry.c
 *	  The setting referral.listen: an entry that was read is one that can be written.
 */
#include "fuzz.h"
#include "server/listen_entry.h"

/* As somebody would write it who knows what may stand for itself. */
static void
entry_write(const RfListenEntry *entry, char *text)
{
	char *to = text;

	if (entry->local)
		to += sprintf(to, "unix:");
	else
	{
		rf_listen_place(entry, to);
		to += strlen(to);
	}
	for (const char *c = entry->host; entry->local && *c != '\0'; c++)
		to += sprintf(to, *c == '/' ? "%c" : "%%%02X", (unsigned char) *c);
	to += sprintf(to, "/");
	for (const char *c = entry->database; *c != '\0'; c++)
		to += sprintf(to, "%%%02x", (unsigned char) *c);
}

static void
entry_holds(const RfListenEntry *entry)
{
	char			 text[3 * (RF_LISTEN_HOST + RF_LISTEN_DATABASE) + 64];
	RfListenEntries *again = malloc(sizeof(RfListenEntries));

	holds(entry->database[0] != '\0' && memchr(entry->database, '\0', RF_LISTEN_DATABASE) != NULL);
	holds(entry->host[0] != '\0' && memchr(entry->host, '\0', RF_LISTEN_HOST) != NULL);
	holds(entry->local ? entry->port == 0 : entry->port >= 1 && entry->port <= 65535);
	entry_write(entry, text);
	holds(rf_listen_parse(text, again) == NULL && again->n == 1);
	holds(memcmp(&again->entry[0], entry, sizeof(RfListenEntry)) == 0);
	free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	char			*text = fuzz_string(bytes, length);
	RfListenEntries *entries = calloc(1, sizeof(RfListenEntries));
	const char		*wrong = rf_listen_parse(text, entries);

	holds(entries->n >= 0 && entries->n <= RF_LISTEN_ENTRIES_MAX);
	holds(wrong == NULL || wrong[0] != '\0');
	for (int i = 0; i < entries->n; i++)
		entry_holds(&entries->entry[i]);
	free(entries);
	free(text);
	return 0;
}
