/*
 * news.c
 *	  See news.h.
 */
#include "postgres.h"

#include "program/news.h"

void (*rf_news_hook)(void) = NULL;

void
rf_news_announce(void)
{
	if (rf_news_hook != NULL)
		rf_news_hook();
}
