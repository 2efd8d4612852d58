/* links: inbound/media.c */
/*
 * media.c
 *	  What Content-Type headers say.
 */
#include "inbound/media.h"

#include <stddef.h>

#include "tap.h"

static void
says(const char *content_type, RfMedia expected)
{
	ok(rf_media(content_type) == expected, "%s", content_type != NULL ? content_type : "none");
}

int
main(void)
{
	says(NULL, RF_MEDIA_NONE);
	says("", RF_MEDIA_NONE);
	says("  ", RF_MEDIA_NONE);
	says(";", RF_MEDIA_NONE);
	says("application/x-www-form-urlencoded", RF_MEDIA_FORM);
	says(" APPLICATION/x-www-form-URLENCODED\t;", RF_MEDIA_FORM);
	says("application/x-www-form-urlencoded; charset=UTF-8", RF_MEDIA_FORM);
	says("application/x-www-form-urlencoded;charset=\"utf-8\"", RF_MEDIA_FORM);
	says("application/x-www-form-urlencoded; boundary=x ; CHARSET = utf8", RF_MEDIA_FORM);
	says("application/x-www-form-urlencoded; x", RF_MEDIA_FORM);
	says("application/x-www-form-urlencoded; charset=latin1", RF_MEDIA_OTHER_CHARSET);
	says("application/x-www-form-urlencoded; charset=", RF_MEDIA_OTHER_CHARSET);
	says("application/x-www-form-urlencoded; charset=\"", RF_MEDIA_OTHER_CHARSET);
	says("application/json", RF_MEDIA_JSON);
	says("application/json;charset=utf-8", RF_MEDIA_JSON);
	says("application/json; charset=utf-8; charset=utf-16", RF_MEDIA_OTHER_CHARSET);
	says("application/vnd.shop.order+json", RF_MEDIA_JSON);
	says("Application/CloudEvents+JSON; charset=UTF-8", RF_MEDIA_JSON);
	says("+json", RF_MEDIA_OTHER);
	says("application/json5", RF_MEDIA_OTHER);
	says("application/jso", RF_MEDIA_OTHER);
	says("text/json", RF_MEDIA_OTHER);
	says("text/plain; charset=latin1", RF_MEDIA_OTHER);
	says("multipart/form-data; boundary=application/json", RF_MEDIA_OTHER);
	says("application/json, application/json", RF_MEDIA_OTHER);
	return tap_done();
}
