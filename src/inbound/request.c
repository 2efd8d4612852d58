/*
 * request.c
 *	  See request.h.
 */
#include "postgres.h"

#include "inbound/request.h"

const char *
rf_request_header(const RfRequest *request, const char *name)
{
	for (int i = 0; i < request->nheaders; i++)
	{
		if (strcmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	}
	return NULL;
}
