# Build, install and test referral with PGXS.
#
#   make && make install          build and install for the server of PG_CONFIG
#   make installcheck             pg_regress and isolation on a running server
#   make test                     everything, set-up included (see test/setup)
#   make demo                     a programme in front of your eyes
#
# Another server: make PG_CONFIG=/path/to/pg_config ...
# Without the HTTP listener, as where there is no libmicrohttpd: make LISTENER=no

# ---- identity -------------------------------------------------------------

EXTENSION = referral
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'.*/\1/p" referral.control)
MODULE_big = referral

# ---- sources --------------------------------------------------------------

# A room is a directory below src; a new file in one needs no change here. The
# listener is a library of its own, which no backend loads.
SOURCES := $(sort $(filter-out src/listener/%,$(wildcard src/*/*.c)))
LISTENER_SOURCES := $(sort $(wildcard src/listener/*.c))
LISTENER_OBJS = $(LISTENER_SOURCES:.c=.o)
HEADER_FILES := $(sort $(wildcard src/*/*.h))
SCHEMA := $(sort $(wildcard src/schema/*.sql))
OBJS = $(SOURCES:.c=.o)
INSTALL_SQL = $(EXTENSION)--$(EXTVERSION).sql
UPDATES := $(sort $(wildcard src/schema/updates/*.sql))
UPDATE_SQL = $(notdir $(UPDATES))
DATA_built = $(INSTALL_SQL) $(UPDATE_SQL)
# Versions that databases and dumps may still have, as they were released.
DATA = $(sort $(wildcard src/schema/released/*.sql))

# ---- tests ----------------------------------------------------------------

REGRESS := $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
ISOLATION := $(patsubst test/isolation/specs/%.spec,%,$(sort $(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation

# TAP_TESTS stays unset: installcheck asks nothing of the server it is pointed
# at, while TAP makes clusters of its own. They have the target check-tap.
PROVE_TESTS ?= $(sort $(wildcard test/t/*.pl))

# A unit program names the files it is linked with: /* links: delivery/retry.c */
# and, if need be, libraries: /* libraries: -lcrypto */
UNIT_TESTS = $(patsubst test/unit/%.c,build/unit/%,$(sort $(wildcard test/unit/*.c)))
UNIT_CFLAGS = -std=gnu99 -g -O1 -Wall -Wextra -Wshadow -fsanitize=undefined -fno-sanitize-recover=undefined $(COPT)

# ---- flags ----------------------------------------------------------------

PG_CONFIG ?= pg_config
CURL_CONFIG ?= curl-config
PKG_CONFIG ?= pkg-config

# -isystem: our warnings are for our code, not for the server's headers.
# Unused parameters are the idiom there: fcinfo, callback arguments.
PG_CPPFLAGS = -Isrc -isystem $(shell $(PG_CONFIG) --includedir-server 2>/dev/null) \
	$(shell $(CURL_CONFIG) --cflags 2>/dev/null) \
	-DREFERRAL_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wall -Wextra -Wshadow -Wno-unused-parameter
SHLIB_LINK = $(shell $(CURL_CONFIG) --libs 2>/dev/null) \
	$(or $(shell $(PKG_CONFIG) --libs libcrypto 2>/dev/null),-lcrypto)

# Is libmicrohttpd there? By pkg-config, or where the compiler looks by itself.
LISTENER ?= yes
ifeq ($(LISTENER),no)
MICROHTTPD_ABSENT = LISTENER=no
else ifneq (,$(shell $(PKG_CONFIG) --exists libmicrohttpd 2>/dev/null && echo yes))
MICROHTTPD_CFLAGS := $(shell $(PKG_CONFIG) --cflags libmicrohttpd)
MICROHTTPD_LIBS := $(shell $(PKG_CONFIG) --libs libmicrohttpd)
else ifneq (,$(shell $(or $(CC),cc) -E -include microhttpd.h -x c /dev/null >/dev/null 2>&1 && echo yes))
MICROHTTPD_LIBS = -lmicrohttpd
else
MICROHTTPD_ABSENT = libmicrohttpd was not found (Debian: libmicrohttpd-dev)
endif

# The server's own CFLAGS and attributes are gcc's when gcc built it; clang need not know
# them all.
ifneq (,$(findstring clang,$(CC)))
PG_CFLAGS += -Wno-unknown-warning-option -Wno-ignored-optimization-argument -Wno-ignored-attributes
endif

EXTRA_CLEAN = build $(EXTENSION)--*.sql src/*/*.o src/*/*.bc $(LISTENER_LIBRARY)

# ---- PGXS -----------------------------------------------------------------

.DEFAULT_GOAL := all
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

# On a bare machine test and demo install the server first, so its absence
# must not end make here. Debian ships pgxs.mk with psql: the headers tell.
SERVER_HEADERS := $(wildcard $(shell $(PG_CONFIG) --includedir-server 2>/dev/null)/postgres.h)
HAVE_PGXS := $(and $(wildcard $(PGXS)),$(SERVER_HEADERS))
ifdef HAVE_PGXS
include $(PGXS)
else
all install installcheck clean:
	@echo "no server headers by $(PG_CONFIG): install the server's development package (Debian: postgresql-server-dev-15), or set PG_CONFIG" >&2; exit 1
endif

# ---- rules ----------------------------------------------------------------

# Headers are few and included downwards: any of them rebuilds all. So does
# this file and the control file, which holds the version that is compiled in.
$(OBJS) $(OBJS:.o=.bc) $(LISTENER_OBJS): $(HEADER_FILES) Makefile referral.control

# ---- the listener ---------------------------------------------------------

LISTENER_LIBRARY = referral_listener$(DLSUFFIX)
LISTENER_INSTALLED = '$(DESTDIR)$(pkglibdir)/$(LISTENER_LIBRARY)'

# What it calls is in the server and in referral.so, which is there before it.
ifeq ($(PORTNAME),darwin)
LISTENER_LINK = -Wl,-undefined,dynamic_lookup
endif

.PHONY: listener install-listener uninstall-listener

ifdef HAVE_PGXS
all: listener
install: install-listener
uninstall: uninstall-listener
endif

# A library of another version must not stay behind beside ours.
ifdef MICROHTTPD_ABSENT
listener:
	@echo '$(LISTENER_LIBRARY), which takes calls over HTTP, is not built: $(MICROHTTPD_ABSENT)'

install-listener: uninstall-listener
else
listener: $(LISTENER_LIBRARY)

$(LISTENER_OBJS): override CPPFLAGS += $(MICROHTTPD_CFLAGS)
$(LISTENER_LIBRARY): $(LISTENER_OBJS)
	@echo '$(LISTENER_LIBRARY), which takes calls over HTTP, is built: libmicrohttpd was found'
	$(LINK.shared) -o $@ $(LISTENER_OBJS) $(LDFLAGS) $(LDFLAGS_SL) $(BE_DLLLIBS) $(LISTENER_LINK) $(MICROHTTPD_LIBS)

install-listener: $(LISTENER_LIBRARY) installdirs
	$(INSTALL_SHLIB) $(LISTENER_LIBRARY) $(LISTENER_INSTALLED)
endif

uninstall-listener:
	rm -f $(LISTENER_INSTALLED)

# ---- assembling -----------------------------------------------------------

# One file from many, in the order of their numbers.
$(INSTALL_SQL): $(SCHEMA) Makefile referral.control
	@test -n '$(SCHEMA)' || { echo 'no src/schema/*.sql to assemble' >&2; exit 1; }
	cat $(SCHEMA) > $@.tmp
	mv $@.tmp $@

$(UPDATE_SQL): %.sql: src/schema/updates/%.sql src/schema/updates/assemble.awk $(SCHEMA) Makefile
	awk -f src/schema/updates/assemble.awk $< > $@.tmp
	mv $@.tmp $@

unit_links = $(addprefix src/,$(shell sed -n 's,.*links: *\(.*[^ ]\) *\*/.*,\1,p' '$(1)'))
unit_libraries = $(shell sed -n 's,.*libraries: *\(.*[^ ]\) *\*/.*,\1,p' '$(1)')

.SECONDEXPANSION:
build/unit/%: test/unit/%.c $$(call unit_links,test/unit/$$*.c) $(HEADER_FILES) Makefile
	@mkdir -p build/unit
	$(CC) $(UNIT_CFLAGS) -Isrc -o $@ $(filter %.c,$^) -lm $(call unit_libraries,$<)

# ---- checks and tools -----------------------------------------------------

.PHONY: check-unit check-tap check-meta check-format format test demo bench soak model majors dist test-asan test-valgrind fuzz

check-unit: $(UNIT_TESTS)
ifneq (,$(UNIT_TESTS))
	prove --exec '' $(UNIT_TESTS)
else
	@echo 'no unit tests'
endif

check-tap:
ifneq (,$(PROVE_TESTS))
	$(prove_installcheck)
else
	@echo 'no TAP tests'
endif

# PGXN wants the version in META.json too; nothing else may repeat it.
check-meta:
	@bash test/setup/check-meta.sh '$(EXTVERSION)'

format:
	@bash test/setup/format.sh write

check-format:
	@bash test/setup/format.sh check

# No shell between make and the script, so that a signal to make arrives there.
test demo bench soak model: export PG_CONFIG := $(PG_CONFIG)

test:
	@bash test/setup/run-tests.sh

demo:
	@bash test/demo/run.sh

bench:
	@bash test/bench/run.sh

soak:
	@bash test/soak/run.sh

# make model SEEDS=1000 FIRST=1 CONNECTIONS=4: see test/model/run.sh
model:
	@bash test/model/run.sh

# make test-asan STAGES='unit regress': all stages unless told
test-asan:
	@bash test/sanitize/asan.sh $(STAGES)

# make test-valgrind TESTS=101_retries.pl: some of sending unless told
test-valgrind:
	@bash test/sanitize/valgrind.sh $(TESTS)

# make fuzz SECONDS=600 TARGETS='url mailbox'
fuzz:
	@bash test/fuzz/run.sh $(or $(SECONDS),60) $(TARGETS)

majors:
	@bash test/majors/run.sh

dist:
	@mkdir -p build
	git archive --format=zip --prefix=$(EXTENSION)-$(EXTVERSION)/ -o build/$(EXTENSION)-$(EXTVERSION).zip HEAD
