/*
 * exposition.c
 *	  See exposition.h. All samples of a family must stand together, so that what
 *	  comes row by row is written column by column.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/float.h"

#include "inbound/exposition.h"

/* One more label. */
static void
label_write(StringInfo out, const char *name, const char *value)
{
	appendStringInfo(out, "%s%s=\"", out->len > 0 ? "," : "", name);
	for (; *value != '\0'; value++)
	{
		if (*value == '\n')
			appendStringInfoString(out, "\\n");
		else
		{
			if (*value == '\\' || *value == '"')
				appendStringInfoChar(out, '\\');
			appendStringInfoChar(out, *value);
		}
	}
	appendStringInfoChar(out, '"');
}

static char *
row_labels(uint64 row, int nlabels)
{
	StringInfoData labels;

	initStringInfo(&labels);
	for (int column = 1; column <= nlabels; column++)
	{
		char *value = rf_text(row, column);

		if (value != NULL)
			label_write(&labels, SPI_fname(SPI_tuptable->tupdesc, column), value);
	}
	return labels.data;
}

static void
sample_write(StringInfo out, const RfMeasure *measure, const char *labels, double value)
{
	const char *own = measure->label != NULL ? measure->label : "";
	const char *comma = labels[0] != '\0' && own[0] != '\0' ? "," : "";

	appendStringInfoString(out, measure->name);
	if (labels[0] != '\0' || own[0] != '\0')
		appendStringInfo(out, "{%s%s%s}", labels, comma, own);
	appendStringInfo(out, " %s\n", float8out_internal(value));
}

void
rf_exposition_write(StringInfo out, RfStatement *statement, const Datum *values,
					const RfMeasure *measures, int nmeasures)
{
	uint64 nrows = rf_execute(statement, values, NULL);
	int	   nlabels = SPI_tuptable->tupdesc->natts - nmeasures;
	char **labels = palloc_array(char *, nrows + 1);

	Assert(nlabels >= 0);
	for (uint64 row = 0; row < nrows; row++)
		labels[row] = row_labels(row, nlabels);
	for (int i = 0; i < nmeasures; i++)
	{
		if (measures[i].type != NULL)
			appendStringInfo(out, "# HELP %s %s\n# TYPE %s %s\n", measures[i].name,
							 measures[i].help, measures[i].name, measures[i].type);
		for (uint64 row = 0; row < nrows; row++)
		{
			bool  isnull;
			Datum value = rf_value(row, nlabels + i + 1, &isnull);

			if (!isnull)
				sample_write(out, &measures[i], labels[row], DatumGetFloat8(value));
		}
	}
}
