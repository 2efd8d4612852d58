/*
 * parcel.h
 *	  A delivery with its bytes: loaded from the tables, then a request.
 */
#ifndef RF_PARCEL_H
#define RF_PARCEL_H

#include "lib/ilist.h"

#include "delivery/endpoint.h"

/* "webhook-signature: " and a signature and a space for each key. */
#define RF_PARCEL_SIGNATURES (20 + RF_ENDPOINT_KEYS_MAX * RF_SIGNATURE_SIZE)

typedef struct RfParcel
{
	struct RfParcel *next; /* in the endpoint's list, or in that of free ones */
	RfEndpoint		*endpoint;
	RfDelivery		 delivery;
	char			*body; /* the parcel's own */
	int				 length;
	char			 message_id[RF_MESSAGE_ID_SIZE];
	char			 event_type[64];

	/* Once it is a request. */
	RfEndpointConfig *config;
	TimestampTz		  started_at;
	TimestampTz		  sent_at;	  /* the same by the steady clock */
	char			 *url;		  /* the parcel's own; NULL: the configuration's */
	char			 *id_headers; /* the parcel's own; NULL: none has its id */
	char			  id_line[80];
	char			  timestamp_line[48];
	char			  signature_line[RF_PARCEL_SIGNATURES];
	char			  event_line[96];
	char			  attempt_line[48];
	const char		 *headers[RF_HTTP_HEADERS_MAX];

	dlist_node live; /* in the list of all, until it is freed */
} RfParcel;

/* The body is copied. */
extern RfParcel *rf_parcel_create(RfEndpoint *endpoint, const RfDelivery *delivery,
								  const char *body, int length);
extern void		 rf_parcel_free(RfParcel *parcel);

/* All of them, loaded or under way; NULL: no more. */
extern const RfParcel *rf_parcel_first(void);
extern const RfParcel *rf_parcel_after(const RfParcel *parcel);

/* The first of an endpoint's loaded parcels, out of their list. Not without any. */
extern RfParcel *rf_parcel_take_loaded(RfEndpoint *endpoint);

/* Put an endpoint's loaded parcels back into its queue. */
extern void rf_parcels_unload(RfEndpoint *endpoint);

/* Bytes of all parcels' bodies. */
extern int64 rf_parcel_bytes(void);

/*
 * Sign it and write its headers: a request that starts now, to the endpoint as
 * it is configured now. What the request points to stays until the parcel is
 * freed.
 */
extern void rf_parcel_address(RfParcel *parcel, TimestampTz now, RfHttpRequest *request);

#endif /* RF_PARCEL_H */
