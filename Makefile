# SPDX-License-Identifier: GPL-2.0
# aiostall: outputs go under build/ only. V=1 shows the commands, STATIC=0 links dynamically.

CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
prefix  ?= /usr/local
HOST_ARCH := $(shell uname -m | sed -e s/x86_64/x86/ -e s/aarch64/arm64/)
ARCH    ?= $(HOST_ARCH)
STATIC  ?= 1
V       ?= 0

B       := build
# Another architecture: make ARCH=arm64, with Debian's cross compiler and libraries.
ifneq ($(ARCH),$(HOST_ARCH))
B       := build/$(ARCH)
CROSS   := $(patsubst arm64-%,aarch64-%,$(patsubst x86-%,x86_64-%,$(ARCH)-linux-gnu-))
CC      := $(CROSS)gcc
AR      := $(CROSS)ar
endif
VERSION := 0.1.0

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say := @printf '  %-8s%s\n'
endif

CFLAGS   ?= -Os -g
# Nothing unwinds in production, and the binary has to stay small.
SMALL    := -fno-asynchronous-unwind-tables -fno-unwind-tables
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
# A root tool that reads what strangers write. tests/hardened.sh checks that the binary has it all.
HARDEN_x86 := -fcf-protection=full
HARDEN_arm64 := -mbranch-protection=standard
HARDEN   := -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-clash-protection \
	$(HARDEN_$(ARCH))
HARDEN_LINK := -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code
# The folder of the build is not in what it makes.
MAPPED   := -ffile-prefix-map=$(CURDIR)=.
ALL_CFLAGS = -std=gnu11 $(WARN) $(MAPPED) -I. -Isrc -I$(B) -DAIOSTALL_VERSION='"$(VERSION)"' $(CFLAGS)
SAN      := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

LIB_SRC  := $(sort $(wildcard src/base/*.c src/model/*.c src/paste/*.c src/cause/*.c src/report/*.c src/store/*.c src/diff/*.c src/work/*.c \
	src/serve/*.c src/top/*.c))
HOST_SRC := $(sort $(wildcard src/host/*.c))
QUALIFY_SRC := $(sort $(wildcard src/qualify/*.c))
LIVE_SRC := $(sort $(wildcard src/live/*.c))
CMD_SRC  := $(sort $(wildcard src/cmd/*.c))
# What unit tests link besides the library: nothing of libbpf is in it.
PURE_SRC := $(HOST_SRC) $(QUALIFY_SRC) src/live/decode.c src/live/gone.c

obj       = $(patsubst %.c,$(B)/$(1)/%.o,$(2))
LIB_OBJ  := $(call obj,obj,$(LIB_SRC)) $(B)/obj/gen/causes_data.o $(B)/obj/gen/html_css.o $(B)/obj/gen/html_js.o
HOST_OBJ := $(call obj,obj,$(HOST_SRC))
QUALIFY_OBJ := $(call obj,obj,$(QUALIFY_SRC))
LIVE_OBJ := $(call obj,obj,$(LIVE_SRC)) $(B)/obj/gen/bpf_object.o
CMD_OBJ  := $(call obj,obj,$(CMD_SRC))
SAN_OBJ  := $(call obj,san,$(LIB_SRC) $(PURE_SRC)) $(B)/san/gen/causes_data.o $(B)/san/gen/html_css.o $(B)/san/gen/html_js.o

# libjansson writes the JSON, libsqlite3 the recordings, liburing is an engine of loads, ncurses draws the screen; libbpf,
# libelf and zlib load the programs.
LIBS := -lbpf -lelf -lz -ljansson -lsqlite3 -luring -lncursesw -ltinfo -pthread -lm
libdirs := $(shell $(CC) -print-search-dirs 2>/dev/null | sed -n 's/^libraries: =//p' | tr : ' ')
have_a   = $(firstword $(wildcard $(addsuffix /$(1),$(libdirs))))
comma := ,
ifeq ($(STATIC),1)
ifneq ($(and $(call have_a,libc.a),$(call have_a,libbpf.a),$(call have_a,libelf.a),$(call have_a,libz.a),$(call have_a,libjansson.a),$(call have_a,libsqlite3.a),$(call have_a,liburing.a),$(call have_a,libncursesw.a)),)
# src/static/unused.c says what these are and why.
UNUSED := sqlite3Fts3Init sqlite3Fts5Init sqlite3RtreeInit sqlite3DbstatRegister \
	sqlite3StmtVtabInit sqlite3CloseExtensions sqlite3AutoLoadExtensions \
	sqlite3_reset_auto_extension sqlite3_load_extension dlopen dlsym dlclose dlerror \
	sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh
LINK := -static-pie -Wl,--gc-sections -T src/static/unwind.ld
# Some 120 KB of relocations in a few; the linker for arm64 has it in later releases only.
ifeq ($(ARCH),x86)
LINK += -Wl,-z,pack-relative-relocs
endif
STATIC_OBJ := $(patsubst %,$(B)/obj/src/static/%.o,unused btf progs)
STATIC_WRAP := $(addprefix -Wl$(comma)--wrap=,$(UNUSED) btf__load_vmlinux_btf bpf_btf_get_next_id \
	bpf_prog_load)
endif
endif

UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT_BIN := $(patsubst tests/unit/%.c,$(B)/tests/%,$(UNIT_SRC))
TOOL_BIN := $(patsubst tools/%.c,$(B)/tools/%,$(sort $(wildcard tools/*.c)))

.SECONDARY:
.PHONY: FORCE all deps check check-fast demo install completions clean tools unit tests

all: $(B)/aiostall

-include Makefile.checks
-include Makefile.tools
-include Makefile.bench
-include Makefile.kernels
-include Makefile.matrix
-include Makefile.docs
-include Makefile.fuzz
-include Makefile.packages

$(B)/aiostall: $(CMD_OBJ) $(QUALIFY_OBJ) $(LIVE_OBJ) $(HOST_OBJ) $(STATIC_OBJ) $(B)/libaiostall.a src/static/unwind.ld
	$(say) LINK $@
	$(Q)$(CC) $(LINK) $(HARDEN_LINK) $(LDFLAGS) $(STATIC_WRAP) -o $@ $(CMD_OBJ) $(QUALIFY_OBJ) $(LIVE_OBJ) $(HOST_OBJ) $(STATIC_OBJ) $(B)/libaiostall.a $(LIBS)

# A source that is removed must leave the archive: it is made again when the list changes.
$(B)/libaiostall.a: $(LIB_OBJ) $(B)/lib.list
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $(LIB_OBJ)

$(B)/lib.list: FORCE
	@mkdir -p $(@D)
	@echo $(LIB_OBJ) | cmp -s - $@ || echo $(LIB_OBJ) > $@

# Once a checkout: the tools of the build, each with the package that brings it.
$(B)/needed: tools/need.sh
	@mkdir -p $(@D)
	@sh tools/need.sh "$(CC)" "$(CLANG)" "$(BPFTOOL)" $(CPPFLAGS) $(CFLAGS)
	@touch $@

# What was made with other flags is made again.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(HARDEN))' | cmp -s - $@ || \
		echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(HARDEN))' > $@

$(B)/obj/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(say) CC $<
	$(Q)$(CC) $(ALL_CFLAGS) $(HARDEN) $(SMALL) -MMD -MP -c -o $@ $<

$(B)/san/%.o: %.c
	@mkdir -p $(@D)
	$(say) CC-SAN $<
	$(Q)$(CC) $(ALL_CFLAGS) $(SAN) -MMD -MP -c -o $@ $<

# The rules are data: the text becomes one string constant.
$(B)/gen/causes_data.c: src/cause/causes.rules tools/embed.sh
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)sh tools/embed.sh causes_rules_text $< > $@.tmp && mv $@.tmp $@

# So do the style and the script of a page.
$(B)/gen/html_%.c: src/report/html.% tools/embed.sh
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)sh tools/embed.sh html_$*_text $< > $@.tmp && mv $@.tmp $@

$(B)/obj/gen/%.o: $(B)/gen/%.c $(B)/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(HARDEN) -c -o $@ $<

$(B)/san/gen/%.o: $(B)/gen/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $(SAN) -c -o $@ $<

# Where Debian keeps the asm/ headers that the uapi headers include.
BPF_UAPI := $(addprefix -idirafter ,$(wildcard /usr/include/$(shell $(CC) -dumpmachine 2>/dev/null)))

# BPF, CO-RE: an object for each subject, linked into one, then a skeleton.
# libbpf 1.1 links rightly only where a map stands before those who declare it, and where one object, before all
# others that need it, says that a function is the kernel's (mended in 1.5).
BPF_SRC  := bpf/maps.bpf.c $(sort $(filter-out bpf/maps.bpf.c,$(wildcard bpf/*.bpf.c)))
BPF_OBJ  := $(patsubst bpf/%.bpf.c,$(B)/bpf/obj/%.bpf.o,$(BPF_SRC))
BPF_DEPS := $(wildcard bpf/*.h) src/model/counters.def vmlinux/$(ARCH)/vmlinux.h $(B)/flags
BPF_CC    = $(CLANG) -target bpf -mcpu=v2 -O2 -g $(MAPPED) -Wall -Wextra -Wno-unused-parameter \
	-fms-extensions -Wno-microsoft-anon-tag -D__TARGET_ARCH_$(ARCH) -Ivmlinux/$(ARCH) -Ibpf $(BPF_UAPI)
$(B)/bpf/obj/%.bpf.o: bpf/%.bpf.c $(BPF_DEPS)
	@mkdir -p $(@D)
	$(say) BPF $@
	$(Q)$(BPF_CC) $(KSYMS) -c -o $@ $<

$(word 2,$(BPF_OBJ)): KSYMS := -DNAMES_KSYMS
$(B)/bpf/aiostall.bpf.o: $(BPF_OBJ) $(B)/bpf.list
	$(say) BPF-LD $@
	$(Q)$(BPFTOOL) gen object $@.tmp $(BPF_OBJ) && mv $@.tmp $@

# As with the archive: a subject that is gone is linked no more.
$(B)/bpf.list: FORCE
	@mkdir -p $(@D)
	@echo $(BPF_OBJ) | cmp -s - $@ || echo $(BPF_OBJ) > $@

$(B)/%.skel.h: $(B)/bpf/%.bpf.o tools/plainskel.awk
	$(say) SKEL $@
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && awk -f tools/plainskel.awk $@.tmp > $@ && rm -f $@.tmp

# The object itself, packed.
$(B)/gen/bpf_object.c: $(B)/bpf/aiostall.bpf.o tools/embed.sh
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)gzip -9nc $< > $@.gz && sh tools/embed.sh bpf_object_gz $@.gz > $@.tmp && mv $@.tmp $@ && rm -f $@.gz

$(LIVE_OBJ): $(B)/aiostall.skel.h
$(LIB_OBJ) $(HOST_OBJ) $(QUALIFY_OBJ) $(LIVE_OBJ) $(CMD_OBJ) $(SAN_OBJ) $(BPF_OBJ): | $(B)/needed

tools: $(TOOL_BIN)
FUSE_CFLAGS = $(shell pkg-config --cflags fuse3 2>/dev/null)
FUSE_LIBS = $(shell pkg-config --libs fuse3 2>/dev/null)
$(B)/tools/slowdev: EXTRA_CFLAGS = $(FUSE_CFLAGS)
$(B)/tools/slowdev: EXTRA_LIBS = $(FUSE_LIBS)
$(B)/tools/%: tools/%.c
	@mkdir -p $(@D)
	$(say) CC $@
	$(Q)$(CC) $(ALL_CFLAGS) $(EXTRA_CFLAGS) -o $@ $< -pthread -ljansson $(EXTRA_LIBS)

unit: $(UNIT_BIN)
$(B)/tests/%: tests/unit/%.c $(SAN_OBJ)
	@mkdir -p $(@D)
	$(say) CC-SAN $@
	$(Q)$(CC) $(ALL_CFLAGS) $(SAN) -Itests -o $@ $< $(SAN_OBJ) -lcmocka -ljansson -lsqlite3 -luring -lncursesw -ltinfo -pthread -lelf -lz -lm

deps:
	@sh tools/deps.sh $(filter-out $(HOST_ARCH),$(ARCH))
	@sh tools/prometheus.sh

demo:
	@sh tools/deps.sh
	@$(MAKE) --no-print-directory all tools
	@bash tools/demo.sh

# As many at a time as there are CPUs, unless the caller has said how many.
ALL_CPUS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

check:
	@sh tools/deps.sh
	@sh tools/prometheus.sh
	@sh tools/axe.sh
	@sh tools/duckdb.sh
	@$(MAKE) --no-print-directory $(ALL_CPUS) all tools unit $(if $(HAVE_FUZZER),fuzz-build)
	@bash tests/run.sh

# What one edits most, in half a minute: no filesystem is made, no guest is started.
check-fast:
	@sh tools/deps.sh
	@sh tools/prometheus.sh
	@$(MAKE) --no-print-directory $(ALL_CPUS) all unit tools
	@bash tests/run.sh fast

# Of the binary's own --help; a cross build needs one that runs here besides.
HELP_OF ?= $(B)/aiostall
completions: $(B)/completions/aiostall.bash $(B)/completions/aiostall.zsh $(B)/completions/aiostall.fish
$(B)/completions/aiostall.%: $(HELP_OF) tools/completions.sh
	@mkdir -p $(@D)
	$(say) GEN $@
	$(Q)bash tools/completions.sh $< $* > $@.tmp && mv $@.tmp $@

SHARE = $(DESTDIR)$(prefix)/share
zsh_completions ?= $(prefix)/share/zsh/site-functions
install: $(B)/aiostall completions
	install -D -m 755 $(B)/aiostall $(DESTDIR)$(prefix)/sbin/aiostall
	install -D -m 644 man/aiostall.8 $(SHARE)/man/man8/aiostall.8
	install -D -m 644 $(B)/completions/aiostall.bash $(SHARE)/bash-completion/completions/aiostall
	install -D -m 644 $(B)/completions/aiostall.zsh $(DESTDIR)$(zsh_completions)/_aiostall
	install -D -m 644 $(B)/completions/aiostall.fish $(SHARE)/fish/vendor_completions.d/aiostall.fish

clean:
	rm -rf $(B)

-include $(shell find $(B) \( -path $(B)/deb -o -path $(B)/rpm -o -path $(B)/cross \) -prune -o -type f -name '*.d' -print 2>/dev/null)
