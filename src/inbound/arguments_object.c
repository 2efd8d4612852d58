/*
 * arguments_object.c
 *	  See arguments.h. Apart from the rest, which asks nothing of a session.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/fmgrprotos.h"

#include "base/engine.h"
#include "inbound/arguments.h"

Datum
rf_arguments_object(const RfArguments *arguments)
{
	RfColumn names;
	RfColumn values;

	rf_column_init(&names, TEXTOID);
	rf_column_init(&values, TEXTOID);
	for (int i = 0; i < RF_ARGUMENTS; i++)
	{
		if (arguments->value[i] == NULL)
			continue;
		rf_column_add_text(&names, rf_argument_name((RfArgument) i));
		rf_column_add_text(&values, arguments->value[i]);
	}
	return DirectFunctionCall2(jsonb_object_two_arg, rf_column_array(&names),
							   rf_column_array(&values));
}
