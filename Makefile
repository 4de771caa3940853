# rekap - one Makefile, explicit object lists, nothing generated in the tree (everything below build/).
#   make demo | test | setup | run | bench | sim | fuzz | campaign | tidy | install     SANITIZE=address,undefined|thread  SEED=n  WERROR=1
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
CC ?= gcc
ifeq ($(origin CC),default)
CC = gcc
endif
VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
SANITIZE ?=
comma := ,
B := build$(if $(SANITIZE),-$(subst $(comma),-,$(SANITIZE)))
PKGS := libzmq libsodium jansson libevent libevent_pthreads lmdb ncursesw
HTTP_LIBS := -lxlsxwriter -levent_openssl -lssl -lcrypto
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lmsgpackc -lcsv -linih -lpthread
WARN := -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
        -Wvla -Wformat=2 -Wundef -Wnull-dereference -Wwrite-strings $(if $(WERROR),-Werror)
OPT ?= -O2 -g
CFLAGS += -std=c17 -D_GNU_SOURCE $(OPT) $(WARN) -I. $(PKG_CFLAGS) -fno-strict-aliasing -fno-omit-frame-pointer -fstack-protector-strong \
          $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all) -DREKAP_VERSION='"$(VERSION)"'
LDFLAGS += $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -Wl,-z,relro,-z,now
DEPFLAGS = -MMD -MP

# ---- objects, one line a module; P = pure core (checked by make tidy), E = edge ----
PROTO_P := proto/status proto/bytes proto/address proto/decimal proto/decimal_token proto/decimal_phrase proto/decimal_unit proto/decimal_format proto/achieve proto/achieve_over proto/code proto/code_text proto/period proto/figure proto/unit \
           proto/unit_row proto/sign proto/codec proto/codec_frame proto/codec_batch proto/codec_body proto/codec_pack proto/codec_record \
           proto/codec_scan proto/rng proto/registry proto/registry_sign proto/node \
           proto/store proto/store_mem proto/conf proto/csv proto/csv_build proto/csv_list proto/jsonl \
           proto/sign_sha256 proto/merkle proto/base64 proto/note proto/lines proto/restore proto/cut proto/seal proto/seal_check proto/seal_mark proto/receipt proto/join proto/join_wire proto/invite proto/approve
PROTO_P += proto/scrub proto/setting proto/step proto/units proto/backoff
PROTO_E := proto/scrub_json proto/store_lmdb proto/store_lmdb_open proto/store_lmdb_dir proto/store_lmdb_check proto/store_lmdb_copy proto/sign_ed25519 proto/link_zmq proto/link_zmq_option proto/link_zmq_zap \
           proto/link_zmq_peer proto/link_zmq_guard proto/link_zmq_accept proto/link_zmq_dial proto/link_zmq_ask proto/run proto/conf_file proto/conf_start proto/clock_posix proto/log proto/sheet
INTAKE := collector/shape collector/intake collector/intake_cell collector/intake_typed collector/intake_amount collector/intake_group collector/intake_money collector/intake_indicator \
          collector/intake_name collector/intake_compare collector/intake_plan collector/intake_words collector/intake_bridge collector/intake_scale collector/intake_standard collector/intake_report collector/tray proto/setting proto/units proto/registry
# workbooks: only the command line reads them, so that the daemons link neither libzip nor expat
BOOK := collector/xlsx collector/xlsx_xml collector/xlsx_style collector/xlsx_sheet collector/xlsx_number collector/book collector/book_header collector/book_rows
BOOK_LIBS := -lzip -lexpat
COLLECTOR_P := $(INTAKE) collector/outbox collector/outbox_refuse collector/outbox_due collector/outbox_keep collector/outbox_resign collector/witness collector/witness_store collector/witness_receipt collector/witness_restore collector/uplink collector/collect collector/collect_import
COLLECTOR_E := collector/desk collector/desk_control collector/desk_receipt collector/desk_figure collector/desk_http collector/desk_http_door collector/desk_http_job collector/desk_http_reply collector/child collector/inbox collector/inbox_file collector/settings collector/options collector/main
WORKER_P := worker/session worker/session_table worker/session_batch worker/session_quota worker/session_join worker/session_archive worker/trust worker/replica worker/replica_evidence worker/guest worker/authority worker/ledger worker/ledger_stream worker/ledger_archive worker/ledger_cut worker/ledger_copy worker/ledger_scrub worker/tree worker/feed worker/work
WORKER_E := worker/office worker/settings worker/options worker/backup worker/door worker/control worker/main
AGGREGATOR_P := aggregator/line aggregator/line_stage aggregator/line_open aggregator/derive aggregator/derive_account aggregator/claim aggregator/claim_parent \
                aggregator/cell aggregator/fold aggregator/fold_office aggregator/fold_apply aggregator/fold_state aggregator/statement aggregator/export aggregator/aggregate aggregator/names \
                aggregator/asof aggregator/asof_cells aggregator/replay aggregator/query_past aggregator/query_seal aggregator/query_sealed aggregator/query_late aggregator/query_figure aggregator/query_figure_slot \
                aggregator/query_explain aggregator/query_explain_indicator aggregator/query_explain_mean aggregator/query_explain_finding aggregator/query_explain_bridge aggregator/query_finding_address aggregator/query_history_again aggregator/query_steps aggregator/query_history aggregator/query_parse aggregator/query_rows aggregator/query_rollup aggregator/query_trend aggregator/query_finding \
                aggregator/query_office aggregator/indicator aggregator/indicator_claim aggregator/scales aggregator/thresholds aggregator/query_rule aggregator/query_rule_indicator aggregator/query_rename aggregator/query_indicator \
                aggregator/query_indicator_group aggregator/query_indicator_find aggregator/query_indicator_trend
AGGREGATOR_P += aggregator/compare aggregator/output aggregator/query_beside aggregator/query_plan aggregator/query_plan_past aggregator/query_note aggregator/query_name aggregator/bridge aggregator/bridge_list aggregator/successor aggregator/query_successor aggregator/query_bridge \
                aggregator/match aggregator/query_match
# rules of findings
AGGREGATOR_P += aggregator/compare_tree aggregator/indicator_between aggregator/size aggregator/copied aggregator/query_finding_past aggregator/across aggregator/query_shared aggregator/query_standard aggregator/query_finding_row aggregator/query_plan_find aggregator/query_part_find \
                aggregator/query_size
AGGREGATOR_E := aggregator/http aggregator/http_answer aggregator/http_reply aggregator/http_route aggregator/http_schema aggregator/http_openapi aggregator/http_cursor aggregator/http_table aggregator/http_metrics aggregator/http_access aggregator/http_scope aggregator/http_login aggregator/http_tls aggregator/http_start aggregator/http_lists aggregator/http_guard aggregator/http_page aggregator/sse aggregator/dump aggregator/seal_job aggregator/control aggregator/state aggregator/options aggregator/main
CLI_E := cli/main cli/cli cli/cli_table cli/ask cli/office cli/office_register cli/office_key cli/office_invite cli/office_approve cli/office_join cli/office_send cli/person cli/place cli/print cli/push cli/push_report cli/push_wait cli/query cli/query_indicator cli/query_match cli/explain cli/setup cli/setup_conf cli/setup_office \
         cli/status cli/receipt cli/evidence cli/origin cli/up cli/watch cli/audit cli/backup cli/backup_manifest cli/backup_restore
CLI_E += cli/config cli/doctor cli/doctor_key cli/doctor_line cli/follow cli/setup_edit cli/setup_desk cli/export cli/export_read
# the offline verifier: a program of its own, linked with nothing of the others (checked by make tidy)
CLI_E += cli/withdraw cli/close cli/close_say cli/close_show cli/close_region cli/close_seal cli/close_cut cli/seal cli/seal_diff cli/seal_file cli/proof cli/proof_part cli/proof_log cli/proof_check cli/replay cli/review cli/notice cli/notice_send cli/notice_hook
AGGREGATOR_P += aggregator/change aggregator/query_change aggregator/query_with aggregator/query_target aggregator/query_peer aggregator/habit aggregator/query_habit
# the close of a quarter
AGGREGATOR_P += aggregator/closing aggregator/calendar aggregator/closing_rules aggregator/query_closing aggregator/query_closing_json aggregator/query_review aggregator/query_notice
CLI_E += cli/query_peer cli/query_late cli/login
CLI_E += cli/ask_tls cli/compare cli/compare_centre cli/compare_show cli/push_progress cli/push_marked cli/push_marked_text cli/push_marked_book cli/watch_stream cli/watch_view cli/watch_view_text cli/watch_screen
REPORT := cli/report cli/report_data cli/report_model cli/report_number cli/report_lra cli/report_e81 cli/report_tc29 cli/report_lkjip \
          cli/report_text cli/report_html cli/report_xlsx cli/report_pdf cli/report_template cli/report_seal cli/report_qr cli/report_minutes cli/report_late cli/report_city cli/report_sum
REPORT_LIBS := -lxlsxwriter -lqrencode $(shell pkg-config --libs pangocairo 2>/dev/null) -lm
CLI_E += $(REPORT)
AUDIT_E := cli/audit_main cli/audit_store cli/audit_hash cli/audit_pack cli/audit_office cli/audit_log cli/audit_batch cli/audit_cut cli/audit_index cli/audit_note cli/audit_report cli/audit_code cli/audit_text cli/audit_spill cli/audit_roll cli/audit_roll_fact cli/audit_roll_line cli/audit_roll_claim \
           cli/audit_roll_cell cli/audit_state cli/audit_seal cli/audit_memory

OBJS = $(patsubst %,$(B)/%.o,$(1))
# only the two files that print the commit are compiled with it, so that a compiler cache serves the others from one commit to the next
COMMIT_FLAG := -DREKAP_COMMIT='"$(COMMIT)"'
$(call OBJS,proto/conf_start cli/main): CFLAGS += $(COMMIT_FLAG)
PROTO := $(PROTO_P) $(PROTO_E)
# the office sees its own figures by the rules that the centre counts by
COLLECTOR_RULES := aggregator/line aggregator/line_stage aggregator/line_open aggregator/derive aggregator/derive_account aggregator/claim aggregator/claim_parent
COLLECTOR_ALL := $(PROTO) $(COLLECTOR_P) $(COLLECTOR_RULES) $(COLLECTOR_E)
WORKER_ALL := $(PROTO) $(WORKER_P) $(WORKER_E)
AGGREGATOR_ALL := $(PROTO) $(AGGREGATOR_P) $(AGGREGATOR_E)
CLI_ALL := worker/options collector/options aggregator/options worker/trust worker/authority $(PROTO) $(INTAKE) $(BOOK) worker/ledger worker/ledger_stream worker/ledger_archive worker/ledger_cut worker/ledger_copy worker/tree $(CLI_E)
BIN := $(B)/bin/rekap $(B)/bin/rekap-collector $(B)/bin/rekap-worker $(B)/bin/rekap-aggregator $(B)/bin/rekap-audit

# offices and figures that deploy/demo makes up: beside the programs, never in bin, never installed
FEED_E := cli/feed_main
$(B)/deploy/feed: $(call OBJS,$(FEED_E) $(sort $(filter-out cli/main,$(CLI_ALL))))
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(BOOK_LIBS) $(REPORT_LIBS)
all: $(BIN) $(B)/deploy/feed
$(B)/bin/rekap: $(call OBJS,$(CLI_ALL))
$(B)/bin/rekap-collector: $(call OBJS,$(COLLECTOR_ALL)) $(B)/desk_page.o
$(B)/bin/rekap-worker: $(call OBJS,$(WORKER_ALL))
$(B)/bin/rekap-aggregator: $(call OBJS,$(AGGREGATOR_ALL)) $(B)/page.o
$(B)/bin/rekap-audit: $(call OBJS,$(AUDIT_E))
$(B)/bin/rekap-audit: PKG_LIBS := -lsodium
$(B)/bin/rekap-aggregator: PKG_LIBS += $(HTTP_LIBS)
$(B)/bin/rekap $(B)/deploy/feed: PKG_LIBS += -levent_openssl -lssl -lcrypto
$(B)/bin/rekap: PKG_LIBS += $(BOOK_LIBS) $(REPORT_LIBS)
$(B)/cli/report_pdf.o $(B)/cli/report_qr.o $(B)/lint/cli/report_pdf.ok $(B)/lint/cli/report_qr.ok: PKG_CFLAGS += $(patsubst -I%,-isystem%,$(shell pkg-config --cflags pangocairo 2>/dev/null))
$(BIN):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(PKG_LIBS)
# the monitor: bundled once for every kind of build, embedded as data (docs/MONITOR.md)
WEB := build/web
WEB_SRC := $(wildcard aggregator/web/*.* aggregator/web/src/*.* aggregator/web/src/screens/*.*) deploy/registry/region.csv
$(WEB)/npm/.ready: aggregator/web/package.json aggregator/web/package-lock.json
	@mkdir -p $(WEB)/npm
	@cp aggregator/web/package.json aggregator/web/package-lock.json $(WEB)/npm/
	cd $(WEB)/npm && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@
$(WEB)/table.c: $(WEB)/npm/.ready $(WEB_SRC)
	node aggregator/web/build.mjs $(WEB) $(WEB)/npm
$(B)/page.o: $(WEB)/table.c aggregator/http_page.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
# the office's page, in the collector
DESK_SRC := $(wildcard collector/web/*.* collector/web/src/*.*)
$(WEB)/desk/table.c: $(WEB)/npm/.ready $(DESK_SRC)
	node collector/web/build.mjs $(WEB)/desk $(WEB)/npm
$(B)/desk_page.o: $(WEB)/desk/table.c collector/desk_page.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -c -o $@ $<
$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(DEPFLAGS) -c -o $@ $<

# ---- unit tests: each links only with the objects it names ----
UNIT :=
UNIT_THREADS :=
define unit_test
UNIT += $(1)
UNIT_THREADS += $(if $(findstring -lpthread,$(3)),$(1))
$(B)/tests/unit/$(1)_test: $(B)/tests/unit/$(1)_test.o $(call OBJS,$(2))
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $(3) -lcmocka
endef
$(eval $(call unit_test,bytes,proto/bytes proto/status,))
$(eval $(call unit_test,code,proto/code proto/code_text proto/bytes proto/status,))
$(eval $(call unit_test,address,proto/address proto/setting proto/achieve proto/achieve_over proto/decimal proto/decimal_token proto/decimal_phrase proto/decimal_unit proto/decimal_format proto/figure proto/registry proto/period proto/code proto/code_text proto/bytes proto/status,))
$(eval $(call unit_test,backoff,proto/backoff proto/status,))
$(eval $(call unit_test,figure,proto/figure proto/bytes proto/status,))
$(eval $(call unit_test,period,proto/period proto/bytes proto/status,))
$(eval $(call unit_test,registry,proto/registry proto/code proto/code_text proto/period proto/bytes proto/status,-Wl$(comma)--wrap=calloc$(comma)--wrap=reallocarray))
$(eval $(call unit_test,registry_sign,proto/registry proto/registry_sign proto/sign proto/sign_ed25519 proto/code proto/code_text proto/period proto/bytes proto/status,-lsodium))
$(eval $(call unit_test,conf,proto/conf proto/conf_file proto/bytes proto/status,-linih -lsodium))
FAILING_FILE := $(addprefix -Wl$(comma)--wrap=,fstat fsync fchmod mkdir mkostemp rename link unlink strndup strdup realloc read write open close asprintf)
$(eval $(call unit_test,conf_break,proto/conf proto/conf_file proto/bytes proto/status tests/unit/failing tests/unit/failing_file,-linih -lsodium $(FAILING_FILE)))
$(eval $(call unit_test,log,proto/log proto/period proto/bytes proto/status,-lpthread))
$(eval $(call unit_test,conf_edge,proto/conf proto/bytes proto/status,-linih -Wl$(comma)--wrap=calloc$(comma)--wrap=strdup$(comma)--wrap=ini_parse_stream))
$(eval $(call unit_test,conf_start,proto/conf_start proto/conf proto/conf_file proto/log proto/clock_posix proto/period proto/bytes proto/status tests/unit/failing,-linih -lsodium -Wl$(comma)--wrap=calloc))
CODEC := proto/codec proto/codec_frame proto/codec_batch proto/codec_body proto/codec_pack proto/codec_record proto/codec_scan proto/sign \
    proto/figure proto/code proto/code_text proto/bytes proto/status proto/rng
$(eval $(call unit_test,codec,$(CODEC),-lsodium -lmsgpackc))
$(eval $(call unit_test,codec_body,$(CODEC),-lsodium -lmsgpackc))
$(eval $(call unit_test,codec_refuse,$(CODEC),-lsodium -lmsgpackc))
$(eval $(call unit_test,codec_vectors,$(CODEC) proto/sign_ed25519,-lsodium -lmsgpackc))
$(eval $(call unit_test,codec_scan,proto/codec_scan proto/codec_pack proto/bytes proto/status proto/rng,-lmsgpackc))
$(eval $(call unit_test,sign,proto/sign proto/sign_ed25519 proto/bytes proto/status proto/rng,-lsodium -Wl$(comma)--wrap=calloc$(comma)--wrap=sodium_allocarray$(comma)--wrap=crypto_sign_detached))
$(eval $(call unit_test,rng,proto/rng proto/bytes proto/status,))
$(eval $(call unit_test,node,proto/node proto/bytes proto/status,-Wl$(comma)--wrap=calloc$(comma)--wrap=realloc))
$(eval $(call unit_test,decimal,proto/decimal proto/decimal_token proto/decimal_phrase proto/decimal_unit proto/decimal_format proto/code proto/code_text proto/bytes proto/status,))
$(eval $(call unit_test,spelling,proto/decimal proto/decimal_token proto/decimal_phrase proto/decimal_unit proto/decimal_format proto/code proto/code_text proto/rng proto/bytes proto/status,))
$(eval $(call unit_test,store_contract,proto/store proto/store_mem proto/store_lmdb proto/store_lmdb_open proto/store_lmdb_dir proto/store_lmdb_check proto/bytes proto/status proto/rng,-llmdb -lpthread))
$(eval $(call unit_test,store_mem,proto/store proto/store_mem proto/bytes proto/status tests/unit/failing,-Wl$(comma)--wrap=calloc$(comma)--wrap=malloc))
$(eval $(call unit_test,store_lmdb_check,proto/store proto/store_mem proto/store_lmdb proto/store_lmdb_open proto/store_lmdb_dir proto/store_lmdb_check proto/bytes proto/status proto/rng,-llmdb -lpthread))
$(eval $(call unit_test,store_lmdb_names,proto/store proto/store_mem proto/store_lmdb proto/store_lmdb_open proto/store_lmdb_dir proto/store_lmdb_check proto/store_lmdb_copy proto/bytes proto/status proto/rng,-llmdb -lpthread))
$(eval $(call unit_test,store_lmdb,proto/store proto/store_mem proto/store_lmdb proto/store_lmdb_open proto/store_lmdb_dir proto/store_lmdb_check proto/bytes proto/status proto/rng,-llmdb -lpthread))
FAILING_STORE := $(addprefix -Wl$(comma)--wrap=,access chmod fallocate flock fstat fsync ftruncate mkdir rename opendir mmap malloc calloc open openat fstatfs fstatvfs mdb_env_create mdb_env_set_mapsize mdb_env_set_maxdbs mdb_env_open mdb_reader_check mdb_env_info mdb_env_stat mdb_env_get_fd mdb_env_copy2 mdb_txn_begin mdb_dbi_open mdb_stat mdb_get mdb_put mdb_del mdb_cursor_open mdb_cursor_get mdb_cursor_put mdb_txn_commit)
$(eval $(call unit_test,store_lmdb_break,proto/store proto/store_mem proto/store_lmdb proto/store_lmdb_open proto/store_lmdb_dir proto/store_lmdb_check proto/store_lmdb_copy proto/bytes proto/status proto/rng tests/unit/failing tests/unit/failing_store,-llmdb -lpthread $(FAILING_STORE)))
$(eval $(call unit_test,unit,proto/unit proto/unit_row proto/store proto/store_mem proto/figure proto/sign proto/code proto/code_text proto/bytes proto/status proto/rng,-lsodium))
$(eval $(call unit_test,unit_random,proto/unit proto/unit_row proto/store proto/store_mem proto/figure proto/sign proto/code proto/code_text proto/bytes proto/status proto/rng,-lsodium))
LINK_ZMQ := proto/link_zmq proto/link_zmq_option proto/link_zmq_zap proto/link_zmq_peer proto/link_zmq_guard proto/link_zmq_accept proto/link_zmq_dial proto/link_zmq_ask proto/backoff proto/clock_posix proto/log proto/period proto/bytes proto/status
$(eval $(call unit_test,link,$(LINK_ZMQ),-lzmq -lsodium -lpthread))
$(eval $(call unit_test,link_hostile,$(LINK_ZMQ),-lzmq -lsodium -lpthread))
FAILING_LINK := $(addprefix -Wl$(comma)--wrap=,zmq_ctx_new zmq_ctx_set zmq_socket zmq_setsockopt zmq_socket_monitor zmq_bind zmq_connect zmq_poll zmq_send zmq_msg_init_size zmq_msg_send malloc calloc strdup chmod socket getrlimit setrlimit pthread_create)
$(eval $(call unit_test,link_break,$(LINK_ZMQ) tests/unit/failing tests/unit/failing_link,-lzmq -lsodium -lpthread $(FAILING_LINK)))
FAILING_WIRE := $(addprefix -Wl$(comma)--wrap=,zmq_has zmq_ctx_term zmq_recv zmq_msg_recv zmq_msg_gets zmq_msg_more zmq_getsockopt getsockopt fcntl shutdown realloc connect sodium_init crypto_box_keypair crypto_scalarmult_base link_zmq_ms _exit)
$(eval $(call unit_test,link_dial,$(LINK_ZMQ) tests/unit/failing tests/unit/failing_link tests/unit/failing_wire,-lzmq -lsodium $(FAILING_LINK) $(FAILING_WIRE)))
$(eval $(call unit_test,link_zap,$(LINK_ZMQ) tests/unit/failing tests/unit/failing_link tests/unit/failing_wire,-lzmq -lsodium $(FAILING_LINK) $(FAILING_WIRE)))
$(eval $(call unit_test,link_peer,$(LINK_ZMQ) tests/unit/failing tests/unit/failing_link tests/unit/failing_wire,-lzmq -lsodium $(FAILING_LINK) $(FAILING_WIRE)))
$(eval $(call unit_test,link_edge,$(LINK_ZMQ) tests/unit/failing tests/unit/failing_link tests/unit/failing_wire,-lzmq -lsodium $(FAILING_LINK) $(FAILING_WIRE)))
# (hundreds of megabytes: not among the tests with threads, which the thread sanitizer makes slow; so is http)
$(eval $(call unit_test,link_bounds,$(LINK_ZMQ) tests/it/attack_curve,-lzmq -lsodium -Wl$(comma)--wrap=link_zmq_ms))
$(eval $(call unit_test,run,proto/run proto/node proto/store proto/store_mem $(LINK_ZMQ),-lzmq -lsodium -lpthread))
$(eval $(call unit_test,run_edge,proto/run proto/node proto/store proto/store_mem proto/log proto/clock_posix proto/period proto/bytes proto/status tests/unit/failing,$(addprefix -Wl$(comma)--wrap=,malloc calloc eventfd sigaction _exit)))
TREE := proto/receipt proto/merkle proto/note proto/lines proto/restore proto/cut proto/period proto/registry proto/base64 proto/sign_sha256
WORKER_TEST := $(CODEC) $(TREE) proto/sign_ed25519 proto/registry proto/registry_sign proto/period proto/store proto/store_mem proto/node proto/join proto/invite $(WORKER_P) tests/unit/work_world
WITNESS := collector/witness collector/witness_store collector/witness_receipt collector/witness_restore
COLLECTOR_TEST := collector/outbox collector/outbox_refuse collector/outbox_due collector/outbox_keep collector/outbox_resign collector/collect_import collector/tray proto/unit proto/unit_row proto/store proto/store_mem proto/node $(CODEC)
$(eval $(call unit_test,pair,$(sort $(COLLECTOR_TEST) $(WITNESS) collector/uplink collector/collect $(WORKER_P) $(TREE) proto/registry proto/registry_sign proto/period proto/join proto/invite) tests/sim/pair tests/sim/pair_check,-lsodium -lmsgpackc))
$(eval $(call unit_test,outbox,$(COLLECTOR_TEST) tests/unit/outbox_fixture,-lsodium -lmsgpackc))
$(eval $(call unit_test,resign,$(COLLECTOR_TEST) tests/unit/outbox_fixture,-lsodium -lmsgpackc))
$(eval $(call unit_test,import,$(COLLECTOR_TEST) $(WITNESS) $(TREE) proto/period collector/uplink collector/collect tests/unit/outbox_fixture,-lsodium -lmsgpackc -Wl$(comma)--wrap=realloc))
$(eval $(call unit_test,uplink,$(COLLECTOR_TEST) $(WITNESS) $(TREE) proto/period collector/uplink tests/unit/outbox_fixture,-lsodium -lmsgpackc))
$(eval $(call unit_test,witness,$(COLLECTOR_TEST) $(WITNESS) $(TREE) proto/period tests/unit/outbox_fixture tests/unit/witness_world,-lsodium -lmsgpackc))
$(eval $(call unit_test,witness_receipt,$(COLLECTOR_TEST) $(WITNESS) $(TREE) proto/period tests/unit/outbox_fixture tests/unit/witness_world,-lsodium -lmsgpackc))
$(eval $(call unit_test,authority,worker/authority proto/cut proto/lines proto/note proto/base64 proto/sign_sha256 proto/sign proto/registry_sign proto/registry proto/period proto/figure proto/code proto/code_text proto/bytes proto/status,-lsodium))
$(eval $(call unit_test,ledger,worker/ledger worker/ledger_stream worker/ledger_archive worker/ledger_cut worker/ledger_copy worker/tree $(TREE) proto/period $(CODEC) proto/store proto/store_mem,-lsodium -lmsgpackc))
BREAKING_LIBS := -lsodium -lmsgpackc -Wl$(comma)--wrap=malloc$(comma)--wrap=calloc$(comma)--wrap=realloc
$(eval $(call unit_test,ledger_break,worker/ledger worker/ledger_stream worker/ledger_archive worker/ledger_cut worker/ledger_copy worker/tree $(TREE) proto/period $(CODEC) proto/store proto/store_mem tests/unit/breaking,$(BREAKING_LIBS)))
$(eval $(call unit_test,ledger_refuse,worker/ledger worker/ledger_stream worker/ledger_archive worker/ledger_cut worker/ledger_copy worker/ledger_scrub worker/tree $(TREE) proto/period $(CODEC) proto/store proto/store_mem,-lsodium -lmsgpackc -Wl$(comma)--wrap=calloc))
$(eval $(call unit_test,outbox_break,$(COLLECTOR_TEST) tests/unit/outbox_fixture tests/unit/breaking,$(BREAKING_LIBS)))
$(eval $(call unit_test,outbox_refuse,$(COLLECTOR_TEST) tests/unit/outbox_fixture,-lsodium -lmsgpackc))
$(eval $(call unit_test,work,$(WORKER_TEST),-lsodium -lmsgpackc))
$(eval $(call unit_test,work_step,$(WORKER_TEST),-lsodium -lmsgpackc))
$(eval $(call unit_test,gate,$(WORKER_TEST) proto/rng tests/sim/gate,-lsodium -lmsgpackc))
$(eval $(call unit_test,revoke,$(WORKER_TEST) proto/rng tests/sim/revoke,-lsodium -lmsgpackc))
$(eval $(call unit_test,quota,$(WORKER_TEST),-lsodium -lmsgpackc))
$(eval $(call unit_test,join,$(WORKER_TEST) proto/join_wire proto/approve,-lsodium -lmsgpackc))
$(eval $(call unit_test,approve,$(WORKER_TEST) proto/approve,-lsodium -lmsgpackc))
$(eval $(call unit_test,tree,$(WORKER_TEST),-lsodium -lmsgpackc))
$(eval $(call unit_test,feed,$(WORKER_TEST),-lsodium -lmsgpackc))
$(eval $(call unit_test,scrub,$(WORKER_TEST) proto/scrub,-lsodium -lmsgpackc))
$(eval $(call unit_test,cut,$(WORKER_TEST),-lsodium -lmsgpackc))
$(eval $(call unit_test,replica,$(WORKER_TEST),-lsodium -lmsgpackc))
$(eval $(call unit_test,work_crash,$(WORKER_TEST),-lsodium -lmsgpackc))
$(eval $(call unit_test,csv,proto/csv proto/csv_build proto/csv_list proto/jsonl collector/shape proto/bytes proto/status,-lcsv))
$(eval $(call unit_test,table,proto/csv proto/csv_build proto/csv_list proto/jsonl proto/bytes proto/status,-lcsv -Wl$(comma)--wrap=calloc$(comma)--wrap=realloc$(comma)--wrap=csv_parse$(comma)--wrap=csv_error))
$(eval $(call unit_test,tray,collector/tray $(CODEC),-lmsgpackc -lsodium))
DECIMAL := proto/decimal proto/decimal_token proto/decimal_phrase proto/decimal_unit proto/decimal_format
$(eval $(call unit_test,achieve,proto/achieve proto/achieve_over $(DECIMAL) proto/code proto/code_text proto/bytes proto/status,))
$(eval $(call unit_test,achieve_edge,proto/achieve proto/achieve_over $(DECIMAL) proto/code proto/code_text proto/bytes proto/status,))
INTAKE_ALL := $(INTAKE) proto/csv proto/csv_build proto/csv_list proto/jsonl proto/achieve proto/achieve_over $(DECIMAL) $(CODEC) proto/period
INTAKE_TEST := $(INTAKE_ALL) tests/unit/intake_world
$(eval $(call unit_test,intake,$(INTAKE_TEST),-lcsv -lmsgpackc -lsodium))
$(eval $(call unit_test,jsonl,$(INTAKE_TEST),-lcsv -lmsgpackc -lsodium))
$(eval $(call unit_test,book,$(BOOK) $(INTAKE_TEST) tests/unit/book_world,-lcsv -lmsgpackc -lsodium $(BOOK_LIBS) -lxlsxwriter))
$(eval $(call unit_test,report,cli/report_model proto/sheet cli/report_number cli/report_text cli/report_html cli/report_xlsx cli/report_sum cli/report_pdf cli/report_qr cli/print $(BOOK) $(INTAKE_ALL),-lcsv -lmsgpackc -lsodium -ljansson $(BOOK_LIBS) $(REPORT_LIBS) -lzbar))
$(eval $(call unit_test,intake_indicator,$(INTAKE_TEST),-lcsv -lmsgpackc -lsodium))
$(eval $(call unit_test,intake_shape,$(INTAKE_TEST),-lcsv -lmsgpackc -lsodium))
DERIVE := aggregator/line aggregator/line_stage aggregator/line_open aggregator/derive aggregator/derive_account aggregator/claim aggregator/claim_parent
FOLD := $(DERIVE) aggregator/cell aggregator/fold aggregator/fold_office aggregator/fold_apply aggregator/fold_state aggregator/statement aggregator/export proto/unit proto/unit_row \
        $(DECIMAL) $(CODEC) proto/registry proto/period proto/store proto/store_mem proto/rng tests/unit/fixture
$(eval $(call unit_test,drill,$(sort $(COLLECTOR_TEST) $(WITNESS) collector/uplink collector/collect $(WORKER_P) $(TREE) proto/registry proto/registry_sign proto/period proto/join proto/invite $(filter-out tests/unit/fixture,$(FOLD))) tests/sim/pair tests/sim/pair_check tests/sim/drill tests/sim/copy,-lsodium -lmsgpackc))
$(eval $(call unit_test,derive,$(FOLD),-lsodium -lmsgpackc))
$(eval $(call unit_test,cell,$(FOLD),-lsodium -lmsgpackc))
$(eval $(call unit_test,fold_break,$(FOLD) tests/unit/breaking,$(BREAKING_LIBS)))
$(eval $(call unit_test,fold,$(FOLD),-lsodium -lmsgpackc))
$(eval $(call unit_test,fold_edge,$(FOLD) tests/unit/fold_world,-lsodium -lmsgpackc))
$(eval $(call unit_test,fold_damage,$(FOLD) tests/unit/fold_world,-lsodium -lmsgpackc))
$(eval $(call unit_test,fold_memory,$(FOLD) tests/unit/breaking,$(BREAKING_LIBS)))
$(eval $(call unit_test,sql,$(FOLD),-lsodium -lmsgpackc -lsqlite3))
$(eval $(call unit_test,property,$(FOLD) tests/unit/property_world tests/sim/naive $(filter-out cli/audit_main,$(AUDIT_E)),-lsodium -lmsgpackc))
$(eval $(call unit_test,audit_room,$(FOLD) tests/unit/property_world tests/sim/naive $(filter-out cli/audit_main,$(AUDIT_E)),-lsodium -lmsgpackc))
$(eval $(call unit_test,audit_spill,$(FOLD) $(filter-out cli/audit_main,$(AUDIT_E)),-lsodium -lmsgpackc))
$(eval $(call unit_test,position,$(FOLD) tests/unit/property_world tests/sim/naive $(filter-out cli/audit_main,$(AUDIT_E)),-lsodium -lmsgpackc))
$(eval $(call unit_test,duplicate,$(sort $(filter-out tests/unit/fixture,$(FOLD)) $(WORKER_TEST)),-lsodium -lmsgpackc))
$(eval $(call unit_test,indicator,aggregator/indicator aggregator/indicator_claim aggregator/indicator_between aggregator/scales aggregator/thresholds proto/units proto/setting proto/achieve proto/achieve_over proto/csv proto/csv_build proto/csv_list proto/period \
    $(DECIMAL) proto/unit proto/unit_row proto/store proto/store_mem proto/figure proto/sign proto/code proto/code_text proto/bytes proto/status proto/rng,-lsodium -lcsv))
QUERIES := proto/seal_mark proto/lines $(filter aggregator/asof% aggregator/replay aggregator/query% aggregator/indicator% aggregator/scales aggregator/thresholds aggregator/names aggregator/compare% aggregator/size aggregator/copied aggregator/output aggregator/bridge aggregator/bridge_list aggregator/successor aggregator/match aggregator/change aggregator/habit aggregator/across aggregator/closing% aggregator/calendar,$(AGGREGATOR_P))
$(eval $(call unit_test,asof,$(sort $(FOLD) $(QUERIES) proto/setting proto/units proto/address proto/step proto/achieve proto/achieve_over proto/csv proto/csv_build proto/csv_list) tests/unit/property_world,-lsodium -lmsgpackc -ljansson -lcsv))
$(eval $(call unit_test,past,$(sort $(FOLD) $(QUERIES) proto/setting proto/units proto/address proto/step proto/achieve proto/achieve_over proto/csv proto/csv_build proto/csv_list) tests/unit/past_world,-lsodium -lmsgpackc -ljansson -lcsv))
$(eval $(call unit_test,query_seal,$(sort $(FOLD) $(QUERIES) proto/seal proto/seal_check proto/seal_mark proto/lines proto/merkle proto/note proto/base64 proto/sign_sha256 proto/sign_ed25519 proto/registry_sign proto/setting proto/units proto/address proto/step proto/achieve proto/achieve_over proto/csv proto/csv_build proto/csv_list) tests/unit/past_world,-lsodium -lmsgpackc -ljansson -lcsv))
$(eval $(call unit_test,compare,aggregator/compare aggregator/compare_tree aggregator/output aggregator/indicator proto/units aggregator/line aggregator/line_stage aggregator/line_open proto/csv proto/csv_build proto/csv_list proto/achieve proto/achieve_over \
    $(DECIMAL) proto/unit proto/unit_row proto/store proto/store_mem proto/figure proto/sign proto/code proto/code_text proto/bytes proto/status proto/rng,-lsodium -lcsv))
$(eval $(call unit_test,change,aggregator/change proto/achieve proto/achieve_over $(DECIMAL) proto/code proto/code_text proto/bytes proto/status,))
$(eval $(call unit_test,habit,aggregator/habit proto/period proto/bytes proto/status,))
$(eval $(call unit_test,size,aggregator/size aggregator/compare_tree aggregator/line aggregator/line_stage proto/unit proto/unit_row proto/store proto/store_mem proto/figure \
    proto/sign proto/code proto/code_text proto/bytes proto/status proto/rng,-lsodium))
$(eval $(call unit_test,match,aggregator/match $(FOLD),-lsodium -lmsgpackc))
$(eval $(call unit_test,across,aggregator/across proto/achieve proto/achieve_over $(DECIMAL) proto/code proto/code_text proto/bytes proto/status,))
$(eval $(call unit_test,closing,aggregator/closing proto/step proto/figure proto/sign proto/bytes proto/status,-lsodium))
$(eval $(call unit_test,calendar,aggregator/calendar aggregator/closing_rules proto/step proto/figure proto/sign proto/csv proto/csv_build proto/csv_list proto/period proto/code proto/code_text proto/bytes proto/status,-lsodium -lcsv))
$(eval $(call unit_test,bridge,aggregator/bridge aggregator/bridge_list proto/csv proto/csv_build proto/csv_list $(DECIMAL) proto/code proto/code_text proto/bytes proto/status,-lcsv))
$(eval $(call unit_test,successor,aggregator/successor proto/csv proto/csv_build proto/csv_list proto/period $(DECIMAL) proto/code proto/code_text proto/bytes proto/status,-lcsv))
$(eval $(call unit_test,http_access,aggregator/http_access proto/conf_file proto/log proto/clock_posix proto/period proto/sign_sha256 proto/code proto/code_text proto/bytes proto/status,-lsodium -lpthread))
$(eval $(call unit_test,http_scope,$(sort aggregator/http_scope aggregator/http_route $(FOLD) $(QUERIES) proto/setting proto/units proto/address proto/step proto/achieve proto/achieve_over proto/csv proto/csv_build proto/csv_list),-lsodium -lmsgpackc -ljansson -lcsv))
$(eval $(call unit_test,http,$(sort page $(filter-out aggregator/main aggregator/control aggregator/dump aggregator/state,$(AGGREGATOR_E)) $(AGGREGATOR_P) $(PROTO_P) proto/conf_file proto/clock_posix proto/log proto/sheet proto/sign_ed25519),-levent -levent_pthreads $(HTTP_LIBS) -ljansson -linih -lcsv -lmsgpackc -lsodium))
# fold alone, not part of any target: make build/tests/bench/fold_bench
$(B)/tests/bench/fold_bench: $(B)/tests/bench/fold_bench.o $(call OBJS,$(FOLD) proto/store_lmdb proto/store_lmdb_open proto/store_lmdb_dir proto/store_lmdb_check)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -llmdb -lsodium -lmsgpackc -lpthread
$(eval $(call unit_test,cli,cli/cli cli/print proto/bytes proto/period proto/status,-ljansson))
$(eval $(call unit_test,watch_view,cli/watch_view cli/watch_view_text cli/print proto/bytes proto/status,-ljansson))
$(eval $(call unit_test,push_marked,cli/push_marked_text cli/push_marked_book proto/sheet $(BOOK) $(INTAKE_TEST) tests/unit/book_world,-lcsv -lmsgpackc -lsodium $(BOOK_LIBS) -lxlsxwriter))
$(eval $(call unit_test,push_progress,cli/push_progress,-ljansson))
$(eval $(call unit_test,notice_hook,cli/notice_hook proto/clock_posix proto/status proto/bytes,))
$(eval $(call unit_test,merkle,proto/merkle proto/sign_sha256 proto/bytes proto/status,-lsodium))
$(eval $(call unit_test,note,proto/note proto/base64 proto/sign proto/sign_sha256 proto/sign_ed25519 proto/bytes proto/status,-lsodium))
$(eval $(call unit_test,restore,proto/restore proto/lines proto/note proto/base64 proto/sign proto/sign_sha256 proto/sign_ed25519 proto/bytes proto/status,-lsodium))
$(eval $(call unit_test,seal,proto/seal proto/seal_check proto/seal_mark proto/lines proto/merkle proto/note proto/base64 proto/registry proto/registry_sign proto/period proto/code proto/code_text proto/figure proto/sign proto/sign_sha256 proto/sign_ed25519 proto/bytes proto/status tests/unit/failing,-lsodium -Wl$(comma)--wrap=calloc$(comma)--wrap=realloc))
$(eval $(call unit_test,sheet,proto/sheet,))
$(eval $(call unit_test,units,proto/units proto/achieve proto/achieve_over proto/csv proto/csv_build proto/csv_list $(DECIMAL) proto/figure proto/code proto/code_text proto/bytes proto/status tests/unit/failing,-lcsv -Wl$(comma)--wrap=calloc))
$(eval $(call unit_test,step,proto/step proto/setting proto/achieve proto/achieve_over $(DECIMAL) proto/figure proto/sign proto/bytes proto/status,-lsodium))
$(eval $(call unit_test,invite,proto/invite proto/join proto/registry proto/period proto/code proto/code_text proto/base64 proto/sign proto/sign_sha256 proto/sign_ed25519 proto/bytes proto/status,-lsodium -Wl$(comma)--wrap=calloc$(comma)--wrap=realloc))
$(eval $(call unit_test,receipt,proto/receipt proto/merkle proto/note proto/base64 proto/sign_sha256 proto/sign_ed25519 proto/period $(CODEC),-lsodium -lmsgpackc -Wl$(comma)--wrap=realloc))
STORE_LMDB := proto/store_lmdb proto/store_lmdb_open proto/store_lmdb_dir proto/store_lmdb_check
$(eval $(call unit_test,audit,$(sort $(WORKER_TEST) proto/receipt proto/merkle proto/note proto/base64 proto/sign_sha256 $(STORE_LMDB)) tests/unit/audit_world tests/unit/audit_edit,-llmdb -lsodium -lmsgpackc -lpthread))
$(eval $(call unit_test,audit_state,$(sort $(WORKER_TEST) $(FOLD) proto/receipt proto/merkle proto/note proto/base64 proto/sign_sha256 $(STORE_LMDB)) tests/unit/audit_world,-llmdb -lsodium -lmsgpackc -lpthread))
$(B)/tests/unit/audit_test $(B)/tests/unit/audit_state_test: | $(B)/bin/rekap-audit
# (one line a test; third argument: libraries)

.PHONY: all unit unit-build unit-threads-build clean test demo
unit-build: $(UNIT:%=$(B)/tests/unit/%_test)
unit-threads-build: $(UNIT_THREADS:%=$(B)/tests/unit/%_test)
unit: unit-build
	tests/unit/run $(B)
# the README's two commands: set up what is missing, then build in a make of its own (pkg-config is read when a make starts)
test:
	deploy/setup test
	tests/run
demo:
	deploy/setup
	$(MAKE) --no-print-directory -j2 all
	deploy/demo $(B)
clean:
	rm -rf build build-*
# branches of the core that unit tests and simulator take (docs/TESTING.md); about ten minutes
.PHONY: coverage
coverage:
	deploy/setup test coverage
	$(MAKE) --no-print-directory B=$(B)/cov OPT="-O0 -g --coverage" WARN=-w unit-build $(B)/cov/tests/sim/sim
	nice tests/unit/coverage $(B)/cov
# ---- the simulator (docs/TESTING.md): make sim SEED=n SEEDS=n | SECONDS=n; sim_bugs: the same with planted bugs to switch on ----
SIM := tests/sim/sim tests/sim/sim_event tests/sim/sim_net tests/sim/sim_version tests/sim/sim_node tests/sim/sim_role tests/sim/sim_story tests/sim/sim_figure tests/sim/sim_ask tests/sim/sim_key tests/sim/sim_option \
       tests/sim/sim_operator tests/sim/sim_cut tests/sim/sim_join tests/sim/sim_fault tests/sim/sim_disaster tests/sim/copy tests/sim/sim_follow tests/sim/sim_audit tests/sim/sim_audit_end tests/sim/sim_cover tests/sim/sim_main \
       tests/sim/naive $(filter-out cli/audit_main,$(AUDIT_E))
SIM_CORE := $(sort $(COLLECTOR_TEST) $(WITNESS) collector/uplink collector/collect $(WORKER_P) $(TREE) $(filter-out tests/unit/%,$(FOLD)) aggregator/aggregate \
       proto/sign_ed25519 proto/registry_sign proto/join proto/join_wire proto/invite proto/approve \
       $(QUERIES) proto/setting proto/units proto/address proto/step proto/achieve proto/achieve_over proto/csv proto/csv_build proto/csv_list)
SIM_PLANTED := $(sort $(patsubst %.c,%,$(filter %.c,$(shell awk '$$1 == "file" { print $$2 }' tests/sim/bugs))))
$(B)/tests/sim/sim: $(call OBJS,$(SIM_CORE) $(SIM) tests/sim/sim_bug_none)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lsodium -lmsgpackc -ljansson -lcsv
$(B)/tests/sim/sim_bugs: $(call OBJS,$(filter-out $(SIM_PLANTED),$(SIM_CORE)) $(SIM) tests/sim/sim_bug) $(SIM_PLANTED:%=$(B)/planted/%.o)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lsodium -lmsgpackc -ljansson -lcsv
$(SIM_PLANTED:%=$(B)/planted/%.c): $(B)/planted/%.c: %.c tests/sim/bugs tests/sim/plant
	@mkdir -p $(@D)
	tests/sim/plant tests/sim/bugs $*.c >$@
$(B)/planted/%.o: $(B)/planted/%.c
	$(CC) $(filter-out -Werror,$(CFLAGS)) -I$(dir $*) $(DEPFLAGS) -c -o $@ $<
.PHONY: sim sim-build
sim-build: $(B)/tests/sim/sim $(B)/tests/sim/sim_bugs
sim: $(B)/tests/sim/sim
	$< --seed $(or $(SEED),1) $(if $(SECONDS),--seconds $(SECONDS),--seeds $(or $(SEEDS),100)) $(if $(SEED),,--cover)
# small faults of the core, drawn by a seed, held against its tests (about half an hour for 500)
.PHONY: mutants
campaign: mutants
$(B)/tests/mutate/mutate: $(call OBJS,tests/mutate/mutate)
	$(CC) $(CFLAGS) -o $@ $^
mutants: $(B)/tests/mutate/mutate $(call OBJS,tests/mutate/mutant)
	nice tests/mutate/run $(B) $(or $(SEED),1) $(or $(COUNT),500)
# ---- integration: the real programs; `it` is part of `make test`, `campaign` the whole kill campaign (about half an hour) ----
IT_OBJS := $(PROTO) $(INTAKE) worker/ledger worker/ledger_stream worker/ledger_archive worker/ledger_cut worker/ledger_copy worker/tree tests/it/world tests/it/world_tool
$(B)/tests/it/kill: $(call OBJS,$(sort $(IT_OBJS) tests/it/load tests/it/kill tests/it/kill_check tests/it/kill_ledger tests/it/kill_table))
$(B)/tests/it/fault: $(call OBJS,$(sort $(IT_OBJS) tests/it/load tests/it/fault tests/it/fault_process tests/it/fault_stop tests/it/fault_disk tests/it/fault_store \
    tests/it/fault_peer tests/it/fault_wire tests/it/fault_bell tests/it/fault_limit tests/it/fault_clock)) | $(B)/tests/it/jump.so
# faults below the daemons: crash images (tests/shim/crash*.c); the .so files are preloaded into the real programs
SHIM_OBJS := $(IT_OBJS) collector/outbox collector/outbox_refuse collector/outbox_due collector/outbox_keep collector/outbox_resign $(filter aggregator/line% aggregator/derive% aggregator/claim% aggregator/cell aggregator/fold% aggregator/statement aggregator/export,$(AGGREGATOR_P)) tests/it/load
$(B)/tests/shim/crash: $(call OBJS,$(sort $(SHIM_OBJS) tests/shim/crash tests/shim/crash_log tests/shim/crash_image tests/shim/crash_facts tests/shim/crash_check tests/shim/crash_scene))
$(B)/tests/shim/inject: $(call OBJS,$(sort $(IT_OBJS) tests/it/load tests/shim/inject tests/shim/inject_world tests/shim/inject_command tests/shim/inject_register))
SHIMS := $(B)/tests/shim/record.so $(B)/tests/shim/fail.so
$(SHIMS): $(B)/%.so: %.c tests/shim/record.h tests/shim/fail.h
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -fPIC -shared -o $@ $< -ldl -lpthread
IT := $(B)/tests/it/kill $(B)/tests/it/fault $(B)/tests/shim/crash $(B)/tests/shim/inject
# offices behind bad lines; its clock is preloaded into the daemons. nets: many seeds (about twenty minutes)
$(B)/tests/it/net: $(call OBJS,$(sort $(IT_OBJS) tests/it/proxy tests/it/history tests/it/net tests/it/net_world tests/it/net_fault)) | $(B)/tests/it/jump.so
$(B)/tests/it/jump.so $(B)/tests/it/end.so: $(B)/%.so: %.c
	@mkdir -p $(@D)
	$(CC) -std=c17 -D_GNU_SOURCE -O2 -Wall -Wextra -shared -fPIC -o $@ $<
$(B)/tests/it/herd: $(call OBJS,$(sort $(IT_OBJS) tests/it/herd)) | $(B)/tests/it/jump.so
IT += $(B)/tests/it/net
IT += $(B)/tests/it/herd
# the gate under attack; attacks: each for ATTACK_SECONDS, with the times asserted (about a quarter of an hour)
$(B)/tests/it/attack: $(call OBJS,$(sort $(IT_OBJS) tests/it/attack tests/it/attack_world tests/it/attack_curve tests/it/attack_speaker \
    tests/it/attack_honest tests/it/attack_meter tests/it/attack_wire tests/it/attack_office tests/it/attack_local tests/it/attack_http))
$(B)/tests/it/revoke: $(call OBJS,$(sort $(IT_OBJS) tests/it/revoke tests/it/attack_world tests/it/attack_curve tests/it/attack_speaker tests/sim/revoke))
# what comes about a sealed quarter
$(B)/tests/it/late: $(call OBJS,$(sort $(IT_OBJS) tests/it/late tests/it/attack_world tests/it/attack_curve tests/it/attack_speaker))
IT += $(B)/tests/it/attack $(B)/tests/it/revoke $(B)/tests/it/late
# a terminal for programs that draw on one
$(B)/tests/it/screen: $(call OBJS,tests/it/screen)
IT += $(B)/tests/it/screen
.PHONY: attacks
campaign: attacks
attacks: it-build $(B)/tests/unit/revoke_test
	tests/it/attacks $(B)
# every workbook as LibreOffice computes it, and what it saves pushed back
.PHONY: workbooks
campaign: workbooks
workbooks: all
	deploy/setup office
	tests/it/workbooks $(B)
$(IT):
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(PKG_LIBS)
.PHONY: it it-build campaign kills audits crashes faults nets herd
it-build: all $(IT) $(SHIMS) $(B)/tests/it/end.so
it: it-build
	tests/it/run $(B)
campaign: kills audits crashes faults nets herd sims
# a consolidation cut off at COUNT of its calls
campaign: seal_crashes
.PHONY: seal_crashes
seal_crashes: it-build
	COUNT=$(or $(COUNT),500) SEED=$(or $(SEED),1) SHARDS=$(or $(SHARDS),20) JOBS=$(or $(JOBS),4) tests/it/seal_crash_test $(B)
# LATES late, forged and replayed statements about a sealed quarter (about two minutes)
campaign: lates
.PHONY: lates
lates: it-build
	COUNT=$(or $(LATES),100000) tests/it/late_test $(B)
.PHONY: sims
# SIM_SECONDS of seeds from SEED on
sims: sim-build
	nice $(B)/tests/sim/sim --seed $(or $(SEED),100001) --seconds $(or $(SIM_SECONDS),1800) --cover
# the fold's state against the recomputation after every record of small histories (TIME=CPU seconds), from SEED on
campaign: positions
.PHONY: positions
positions: $(B)/tests/unit/position_test
	SEED=$(or $(SEED),100001) POSITION_SECONDS=$(or $(TIME),1800) nice $<
# 10^9 batches delivered again (about an hour), or what comes in TIME=CPU seconds
campaign: duplicates
.PHONY: duplicates
duplicates: $(B)/tests/unit/duplicate_test
	SEED=$(or $(SEED),100001) DUPLICATES=1000000000 $(if $(TIME),DUPLICATE_SECONDS=$(TIME)) nice $<
# the same seeds under gcc and clang, -O0 and -O3: the same digests
.PHONY: digests
campaign: digests
digests:
	tests/sim/digests $(B) $(or $(SEED),1) $(or $(SEEDS),40)
kills: it-build
	tests/it/kills $(B)
# 500 offices come back at once; what an office that was online waits is judged
herd: it-build
	$(B)/tests/it/herd $(B)/bin 500 4 4 measure 20
nets: it-build
	tests/it/nets $(B)
# disks as power cuts leave them, ten minutes (TIME=seconds)
crashes: it-build
	tests/shim/crashes $(B)
# every call that can fail does (about an hour)
faults: it-build
	tests/shim/faults $(B)
# the real programs under valgrind's memcheck (some minutes)
.PHONY: valgrind
campaign: valgrind
valgrind:
	deploy/setup valgrind
	$(MAKE) --no-print-directory all
	tests/it/valgrind $(B)
# the offline verifier against 10.000 flipped bits and 10.000 edits of an operator (about a quarter of an hour)
audits: $(B)/tests/unit/audit_test $(B)/tests/unit/audit_state_test $(B)/bin/rekap-audit
	AUDIT_FLIPS=$(or $(FLIPS),10000) AUDIT_EDITS=$(or $(EDITS),10000) $<
	AUDIT_EDITS=$(or $(EDITS),10000) $(B)/tests/unit/audit_state_test
# ---- setup, style, installation ----
TIDY_P := $(PROTO_P) $(COLLECTOR_P) $(WORKER_P) $(AGGREGATOR_P)
TIDY_ALL := $(sort $(COLLECTOR_ALL) $(WORKER_ALL) $(AGGREGATOR_ALL) $(CLI_ALL) $(FEED_E) $(AUDIT_E))
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
DIR ?= $(B)/run
.PHONY: setup tidy lint run install
setup:
	deploy/setup $(WITH)
tidy: $(call OBJS,$(TIDY_ALL))
	tests/tidy/selftest
	P='$(TIDY_P)' ALL='$(TIDY_ALL)' AUDIT='$(AUDIT_E)' tests/tidy/tidy . $(B)
lint: $(TIDY_ALL:%=$(B)/lint/%.ok)
$(B)/lint/%.ok: $(B)/%.o tests/tidy/clang-tidy.yml tests/tidy/lint
	@mkdir -p $(@D)
	@tests/tidy/lint $*.c -std=c17 -I. $(filter -D%,$(CFLAGS)) $(COMMIT_FLAG) $(PKG_CFLAGS)
	@touch $@
run: all
	$(B)/bin/rekap up --dir $(DIR)
install: all
	PREFIX='$(PREFIX)' SYSCONFDIR='$(SYSCONFDIR)' DESTDIR='$(DESTDIR)' deploy/install $(B)
# ---- fuzz targets: the pure sources themselves, built by clang with libFuzzer and sanitizers ----
FUZZ_C := tests/fuzz/frame.c tests/fuzz/record.c tests/fuzz/receipt.c tests/fuzz/intake.c tests/fuzz/book.c tests/fuzz/number.c tests/fuzz/config.c tests/fuzz/batch.c \
          tests/fuzz/update.c tests/fuzz/register.c tests/fuzz/rows.c tests/fuzz/proof.c tests/fuzz/question.c tests/fuzz/nodes.c tests/fuzz/memory.c
FUZZ := $(FUZZ_C:tests/fuzz/%.c=%)
FUZZ_OBJS := $(patsubst %,$(B)/fuzz/%.o,$(sort $(PROTO_P) $(COLLECTOR_P) $(BOOK) $(WORKER_P) $(AGGREGATOR_P)))
# objects that only one target has; memory fails for two
$(B)/fuzz/nodes_fuzz: $(B)/fuzz/tests/fuzz/nodes_part.o
$(B)/fuzz/nodes_fuzz $(B)/fuzz/memory_fuzz: FUZZ_LINK := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
$(B)/fuzz/question_fuzz: $(B)/fuzz/tests/unit/property_world.o $(B)/fuzz/tests/unit/fixture.o
FUZZ_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined
.PHONY: fuzz fuzz-build
.SECONDARY: $(FUZZ_C:%.c=$(B)/fuzz/%.o) $(addprefix $(B)/fuzz/tests/,fuzz/nodes_part.o unit/property_world.o unit/fixture.o)
fuzz-build: $(FUZZ:%=$(B)/fuzz/%_fuzz)
$(B)/fuzz/%_fuzz: $(B)/fuzz/tests/fuzz/%.o $(FUZZ_OBJS)
	clang -fsanitize=fuzzer $(FUZZ_FLAGS) $(FUZZ_LINK) -o $@ $^ -lmsgpackc -lsodium -lcsv -linih -ljansson $(BOOK_LIBS)
$(B)/fuzz/%.o: %.c
	@mkdir -p $(@D)
	clang -std=c17 -D_GNU_SOURCE -DREKAP_VERSION='"$(VERSION)"' -O1 -g -I. $(PKG_CFLAGS) -fsanitize=fuzzer-no-link $(FUZZ_FLAGS) $(DEPFLAGS) -c -o $@ $<
fuzz: fuzz-build
	tests/fuzz/run $(B) $(or $(FUZZ_SECONDS),60)
# the same targets for very many runs: a driver that costs next to nothing, undefined behaviour that traps, no address sanitizer, and
# of the core only what a target uses (its counters are looked through after each run); TIME=seconds in all, SEED=n, TARGETS="frame batch"
FAST := $(B)/fuzz/fast
FAST_FLAGS := -fsanitize=fuzzer-no-link -fno-sanitize-coverage=trace-cmp,stack-depth -fsanitize=undefined -fsanitize-undefined-trap-on-error
.PHONY: fuzzes fuzz-fast-build
.SECONDARY: $(FUZZ_C:%.c=$(FAST)/%.o) $(addprefix $(FAST)/tests/,fuzz/nodes_part.o unit/property_world.o unit/fixture.o)
fuzz-fast-build: $(FUZZ:%=$(FAST)/%_drive)
$(FAST)/core.a: $(FUZZ_OBJS:$(B)/fuzz/%=$(FAST)/%)
	rm -f $@
	ar rcs $@ $^
$(FAST)/nodes_drive: $(FAST)/tests/fuzz/nodes_part.o
$(FAST)/nodes_drive $(FAST)/memory_drive: FUZZ_LINK := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc
$(FAST)/question_drive: $(FAST)/tests/unit/property_world.o $(FAST)/tests/unit/fixture.o
$(FAST)/%_drive: $(FAST)/tests/fuzz/%.o $(FAST)/drive.o $(FAST)/core.a
	clang $(FUZZ_LINK) -o $@ $(filter %.o,$^) $(FAST)/core.a -lmsgpackc -lsodium -lcsv -linih -ljansson $(BOOK_LIBS)
$(FAST)/drive.o: tests/fuzz/drive.c
	@mkdir -p $(@D)
	clang -std=c17 -D_GNU_SOURCE -O3 -Wall -Wextra -Wshadow -Wconversion -Werror -c -o $@ $<
$(FAST)/%.o: %.c
	@mkdir -p $(@D)
	clang -std=c17 -D_GNU_SOURCE -DREKAP_VERSION='"$(VERSION)"' -O2 -I. $(PKG_CFLAGS) $(FAST_FLAGS) $(DEPFLAGS) -c -o $@ $<
campaign: fuzzes
fuzzes: fuzz-build fuzz-fast-build
	tests/fuzz/campaign $(B) $(or $(TIME),21600)
# ---- benchmarks (make bench): ours beside SQLite, PostgreSQL and bare LMDB on the same workload ----
BENCH := $(B)/tests/bench
BENCH_LOAD := tests/bench/load tests/bench/office proto/rng proto/clock_posix proto/bytes proto/status
$(BENCH)/fill: $(call OBJS,tests/bench/fill $(BENCH_LOAD) $(sort $(filter-out proto/rng proto/clock_posix proto/bytes proto/status,$(PROTO))) collector/outbox collector/outbox_refuse collector/outbox_due collector/outbox_keep collector/outbox_resign)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
$(BENCH)/bench: $(call OBJS,tests/bench/bench tests/bench/lag $(sort $(filter-out cli/main,$(CLI_ALL))))
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) $(BOOK_LIBS) $(REPORT_LIBS)
$(BENCH)/office_list: tests/bench/office.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -DBENCH_OFFICE_MAIN -o $@ $<
$(BENCH)/peer_sqlite: $(call OBJS,tests/bench/peer_sqlite tests/bench/load proto/rng proto/clock_posix proto/status)
	$(CC) $(CFLAGS) -o $@ $^ -lsqlite3
$(BENCH)/peer_pg: $(call OBJS,tests/bench/peer_pg tests/bench/load proto/rng proto/clock_posix proto/status)
	$(CC) $(CFLAGS) -o $@ $^ -lpq
$(B)/tests/bench/peer_pg.o: CFLAGS += -I$(shell pg_config --includedir 2>/dev/null || echo /usr/include/postgresql)
$(BENCH)/ceiling_lmdb: $(call OBJS,tests/bench/ceiling_lmdb proto/bytes proto/clock_posix proto/status)
	$(CC) $(CFLAGS) -o $@ $^ -llmdb
# the daemons without signatures and encryption, for the row that says what those cost: below tests/bench, never in bin, never installed
PLAIN := $(BENCH)/plain
PLAIN_OBJS = $(call OBJS,$(sort tests/bench/plain_sign tests/bench/plain_link $(filter-out proto/sign_ed25519 proto/link_zmq_zap,$(1))))
$(PLAIN)/rekap-collector: $(call PLAIN_OBJS,$(COLLECTOR_ALL)) $(B)/desk_page.o
$(PLAIN)/rekap-worker: $(call PLAIN_OBJS,$(WORKER_ALL))
$(PLAIN)/rekap-aggregator: PKG_LIBS += $(HTTP_LIBS)
$(PLAIN)/rekap-aggregator: $(call PLAIN_OBJS,$(AGGREGATOR_ALL)) $(B)/page.o
$(PLAIN)/fill: $(call OBJS,tests/bench/fill tests/bench/plain_sign $(BENCH_LOAD) $(sort $(filter-out proto/sign_ed25519 proto/rng proto/clock_posix proto/bytes proto/status,$(PROTO))) collector/outbox collector/outbox_refuse collector/outbox_due collector/outbox_keep)
PLAIN_BIN := $(addprefix $(PLAIN)/,rekap-collector rekap-worker rekap-aggregator)
$(PLAIN_BIN): LDFLAGS += -Wl,--wrap=link_zmq_server,--wrap=link_zmq_client
$(PLAIN_BIN) $(PLAIN)/fill:
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(PKG_LIBS)
BENCH_BIN := $(addprefix $(BENCH)/,fill bench office_list peer_sqlite peer_pg ceiling_lmdb)
.PHONY: bench bench-build
bench-build: $(BIN) $(BENCH_BIN) $(PLAIN_BIN) $(PLAIN)/fill
bench:
	deploy/setup bench
	$(MAKE) bench-build
	tests/bench/run $(B)

-include $(shell find $(B) -name '*.d' 2>/dev/null)
