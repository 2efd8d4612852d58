/*
 * record.h
 *	  Recording what became of attempts: many in one turn.
 *
 * Until a turn has recorded them, results are kept in memory. A crash before
 * that sends the deliveries again, with the same webhook-id.
 */
#ifndef RF_RECORD_H
#define RF_RECORD_H

#include "delivery/endpoint.h"
#include "delivery/share.h"

typedef enum RfRecordOutcome
{
	RF_RECORD_SUCCESS,
	RF_RECORD_RETRY,   /* at next_at */
	RF_RECORD_DEAD,	   /* the schedule is exhausted */
	RF_RECORD_DISABLED /* the endpoint answered 410 */
} RfRecordOutcome;

typedef struct RfRecord
{
	int64			webhook_id;
	RfDelivery		delivery; /* attempts: before this one */
	TimestampTz		started_at;
	RfRecordOutcome outcome;
	TimestampTz		next_at; /* for RF_RECORD_RETRY */
	int				status;	 /* 0: none */
	const char	   *error;	 /* may be NULL */
	int64			dns_us;
	int64			connect_us;
	int64			tls_us;
	int64			first_byte_us;
	int64			total_us;
	const char	   *peer;		  /* may be NULL */
	const char	   *http_version; /* may be NULL */
	const char	   *response;
	int				response_length;
	const char	   *error_class;	  /* static; may be NULL */
	const char	   *response_headers; /* "name: value" lines; may be NULL */
	bool			fulfills;		  /* what becomes of it is what becomes of a reward */
	bool			locked;			  /* somebody holds its row of rf_retry: not in this turn */
} RfRecord;

/* Most results that wait for being recorded; then nothing is sent. */
#define RF_RECORD_MAX 4096

/* Once per process. */
extern void rf_record_start(void);

/* Keep a copy until it is recorded. */
extern void rf_record_add(const RfRecord *record);

extern int rf_record_count(void);

/* Of whose webhooks are they? */
extern RfShareSet rf_record_shares(void);

/* When, by the steady clock, those there are should be written; DT_NOEND: there are none. */
extern TimestampTz rf_record_due_at(void);

/*
 * Write, in a turn, all but those whose row of rf_retry somebody else holds:
 * they are kept for a later turn, and nobody waits for them.
 */
extern void rf_record_write(void);

/* That turn committed. */
extern void rf_record_confirm(void);

#endif /* RF_RECORD_H */
