/*
 * sqlstate.h
 *	  The error codes of class RF. Standard codes are used wherever one fits.
 */
#ifndef RF_SQLSTATE_H
#define RF_SQLSTATE_H

#include "utils/elog.h"

#define RF_ERRCODE(d3, d4, d5) MAKE_SQLSTATE('R', 'F', d3, d4, d5)

#define ERRCODE_RF_CAMPAIGN_NOT_OPEN RF_ERRCODE('0', '0', '1')
#define ERRCODE_RF_UNKNOWN_CODE		 RF_ERRCODE('0', '0', '2')
#define ERRCODE_RF_SELF_REFERRAL	 RF_ERRCODE('0', '0', '3')
#define ERRCODE_RF_NOT_INVITED		 RF_ERRCODE('0', '0', '4')
#define ERRCODE_RF_CAP_REACHED		 RF_ERRCODE('0', '0', '5')
#define ERRCODE_RF_BLOCKED_OR_HELD	 RF_ERRCODE('0', '0', '6')
#define ERRCODE_RF_WINDOW_PASSED	 RF_ERRCODE('0', '0', '7')
#define ERRCODE_RF_KEY_REUSED		 RF_ERRCODE('0', '0', '8')
#define ERRCODE_RF_WRONG_STEP		 RF_ERRCODE('0', '0', '9')
#define ERRCODE_RF_PAYLOAD_TOO_LARGE RF_ERRCODE('0', '1', '0')
#define ERRCODE_RF_FORBIDDEN_TARGET	 RF_ERRCODE('0', '1', '1')
#define ERRCODE_RF_CURRENCY_MISMATCH RF_ERRCODE('0', '1', '2')

#endif /* RF_SQLSTATE_H */
