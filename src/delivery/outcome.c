/*
 * outcome.c
 *	  See outcome.h.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/timestamp.h"

#include "base/clock.h"
#include "delivery/outcome.h"
#include "delivery/record.h"
#include "delivery/standing.h"
#include "delivery/statistics.h"
#include "delivery/turn.h"
#include "delivery/webhook_state.h"
#include "program/event_type.h"

#define OWN_FAULT_USECS INT64CONST(3000000) /* times how often it happened */
#define GIVEN_BACK_MAX	10
#define PLAIN_USECS		USECS_PER_HOUR /* of HTTP/1.1, after HTTP/2 did not work */

/* What is only perhaps our fault counts in the end: else it would go on for ever. */
static bool
outcome_is_given_back(RfParcel *parcel, const RfHttpResult *result)
{
	return !result->doubtful || parcel->delivery.given_back < GIVEN_BACK_MAX;
}

void
rf_outcome_complain(const char *error)
{
	static TimestampTz logged = 0;

	rf_statistics_note_fault(error);
	if (!rf_turn_may_log(&logged))
		return;
	ereport(LOG,
			(errmsg("could not send a webhook: %s", error),
			 errdetail("The fault is on this side, so the attempt does not count."),
			 errhint("Check the limits of open files and memory, name servers, the network and the proxy.")));
}

static void
outcome_give_back(RfParcel *parcel, const RfHttpResult *result)
{
	RfEndpoint *endpoint = parcel->endpoint;

	rf_outcome_complain(result->error);
	if (result->doubtful)
		parcel->delivery.given_back++;
	rf_standing_forgo(endpoint, parcel);
	endpoint->sends_from = rf_steady_now() + Max(parcel->delivery.given_back, 1) * OWN_FAULT_USECS;
	rf_endpoint_requeue(endpoint, &parcel->delivery);
	rf_parcel_free(parcel);
}

/* At once, and with what is older than HTTP/2. */
static void
outcome_fall_back(RfParcel *parcel)
{
	RfEndpoint *endpoint = parcel->endpoint;

	endpoint->plain_until = rf_steady_now() + PLAIN_USECS;
	rf_standing_forgo(endpoint, parcel);
	rf_endpoint_requeue(endpoint, &parcel->delivery);
	rf_parcel_free(parcel);
}

/* What went wrong, or NULL if nothing did. */
static const char *
outcome_error(RfOutcome outcome, const RfHttpResult *result, char *buffer, size_t size)
{
	if (outcome == RF_OUTCOME_SUCCESS)
		return NULL;
	if (outcome == RF_OUTCOME_ABORTED)
		return "the endpoint asked to give up";
	if (result->error != NULL)
		return result->error;
	snprintf(buffer, size, "HTTP status %d", result->status);
	return buffer;
}

/* What Retry-After asks for; -1: nothing. */
static int64
outcome_wish(const RfParcel *parcel, const RfHttpResult *result, TimestampTz now)
{
	if (result->retry_after == NULL || !rf_standing_is_about(parcel))
		return -1;
	return rf_retry_after(result->retry_after, rf_unix_usecs(now));
}

static void
outcome_schedule(RfRecord *record, const RfParcel *parcel, const RfHttpResult *result,
				 TimestampTz now)
{
	int64 delay = rf_retry_delay(&parcel->config->schedule, parcel->delivery.attempts + 1,
								 pg_prng_uint32(&pg_global_prng_state),
								 outcome_wish(parcel, result, now));

	record->outcome = delay < 0 ? RF_RECORD_DEAD : RF_RECORD_RETRY;
	record->next_at = now + delay;
}

static void
outcome_fill(RfRecord *record, const RfParcel *parcel, const RfHttpResult *result)
{
	*record = (RfRecord){
		.webhook_id = parcel->endpoint->id,
		.delivery = parcel->delivery,
		.started_at = parcel->started_at,
		.status = result->status,
		.dns_us = result->dns_us,
		.connect_us = result->connect_us,
		.tls_us = result->tls_us,
		.first_byte_us = result->first_byte_us,
		.total_us = result->total_us,
		.peer = result->peer,
		.http_version = result->http_version,
		.response = result->response,
		.response_length = result->response_length,
		.error_class = result->error_class,
		.response_headers = result->response_headers,
		.fulfills = parcel->config->fulfills &&
			strcmp(parcel->event_type, rf_event_name(RF_EVENT_REWARD_ISSUED)) == 0};
}

/* An answer may ask for more than its status does. */
static RfOutcome
outcome_of(const RfParcel *parcel, const RfHttpResult *result)
{
	RfOutcome outcome = rf_retry_outcome(result->fault, result->status);

	if (!rf_standing_is_about(parcel))
		return outcome == RF_OUTCOME_GONE ? RF_OUTCOME_FAILURE : outcome;
	if (outcome == RF_OUTCOME_FAILURE && result->wish == RF_WISH_DISABLE)
		return RF_OUTCOME_GONE;
	if (outcome == RF_OUTCOME_FAILURE && result->wish == RF_WISH_ABORT)
		return RF_OUTCOME_ABORTED;
	return outcome;
}

/* What becomes of the delivery. */
static void
outcome_decide(RfRecord *record, RfOutcome outcome, const RfParcel *parcel,
			   const RfHttpResult *result, TimestampTz now)
{
	switch (outcome)
	{
		case RF_OUTCOME_SUCCESS:
			record->outcome = RF_RECORD_SUCCESS;
			break;
		case RF_OUTCOME_GONE:
			record->outcome = RF_RECORD_DISABLED;
			break;
		case RF_OUTCOME_ABORTED:
			record->outcome = RF_RECORD_DEAD;
			break;
		default:
			outcome_schedule(record, parcel, result, now);
	}
	if (outcome != RF_OUTCOME_SUCCESS)
		parcel->endpoint->unrecorded++;
}

/* What the endpoint asks for itself. One that moves to another worker is still ours. */
static void
outcome_grant(RfOutcome outcome, const RfParcel *parcel, const RfHttpResult *result,
			  TimestampTz now)
{
	RfEndpoint *endpoint = parcel->endpoint;
	int64		pause = outcome == RF_OUTCOME_SUCCESS ? -1 : outcome_wish(parcel, result, now);

	if (pause > 0)
		rf_webhook_state_pause(endpoint, rf_steady_now() + pause);
	if (endpoint->state != RF_ENDPOINT_ENABLED && endpoint->state != RF_ENDPOINT_MOVING)
		return;
	if (result->wish == RF_WISH_DISABLE)
		rf_webhook_state_disable(endpoint, "the endpoint asked to be disabled");
	else if (outcome == RF_OUTCOME_GONE)
		rf_webhook_state_disable(endpoint, "the endpoint answered 410 (Gone)");
}

/* What becomes of the endpoint. */
static void
outcome_judge(RfOutcome outcome, RfParcel *parcel, const RfHttpResult *result,
			  const char *error, TimestampTz now)
{
	RfEndpoint *endpoint = parcel->endpoint;
	/* Who gives up one delivery is well. */
	bool failed = outcome != RF_OUTCOME_SUCCESS && outcome != RF_OUTCOME_ABORTED;

	if (rf_standing_end(endpoint, parcel, result, failed, rf_steady_now()))
		rf_webhook_state_save(endpoint);
	if (!rf_standing_is_about(parcel))
		return;
	rf_webhook_state_note(endpoint, now, error);
	outcome_grant(outcome, parcel, result, now);
}

bool
rf_outcome_take(RfParcel *parcel, const RfHttpResult *result)
{
	RfEndpoint *endpoint = parcel->endpoint;
	RfOutcome	outcome = outcome_of(parcel, result);
	TimestampTz now = GetCurrentTimestamp();
	RfRecord	record;
	char		buffer[64];

	if (result->falls_back)
	{
		outcome_fall_back(parcel);
		return true;
	}
	if (outcome == RF_OUTCOME_NO_ATTEMPT && outcome_is_given_back(parcel, result))
	{
		outcome_give_back(parcel, result);
		return !result->exhausted;
	}
	if (outcome == RF_OUTCOME_NO_ATTEMPT)
		outcome = RF_OUTCOME_FAILURE;
	outcome_fill(&record, parcel, result);
	record.error = outcome_error(outcome, result, buffer, sizeof(buffer));
	outcome_decide(&record, outcome, parcel, result, now);
	outcome_judge(outcome, parcel, result, record.error, now);
	rf_statistics_note(endpoint, result, record.error != NULL);
	rf_record_add(&record);
	rf_parcel_free(parcel);
	return true;
}
