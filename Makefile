STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
VERSION    := $(shell git describe --tags --always --dirty 2>/dev/null)
BUILD       = CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X kommo-import/internal/commands.stamp=$(VERSION)'
PLATFORMS   = windows/amd64 windows/arm64 darwin/amd64 darwin/arm64 linux/amd64 linux/arm64
FUZZTIME    = 30s
ROWS        = 5000000
BROWSER     = $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
AXE_CORE    = 4.14.1
AXE         = $(CURDIR)/.cache/axe-core-$(AXE_CORE)/node_modules/axe-core/axe.min.js

.PHONY: build release test race check demo browser screenshots bench fuzz soak

build: ## the program, ./kommo-import
	$(BUILD) -o kommo-import .

# git archive takes the pages and samples of the last commit, and gives every file the time of that commit. The same
# commit, Go and git thus make the same archives.
release: ## the program for every system, in archives with checksums, in dist/
	rm -rf dist && mkdir dist
	@set -e; for platform in $(PLATFORMS); do \
		os=$${platform%/*}; arch=$${platform#*/}; program=kommo-import; format=tar.gz; \
		if [ $$os = windows ]; then program=kommo-import.exe; format=zip; fi; \
		name=kommo-import-$(VERSION)-$$(echo $$os | sed s/darwin/macos/)-$$arch; \
		echo "dist/$$name.$$format"; \
		GOOS=$$os GOARCH=$$arch $(BUILD) -buildvcs=false -o dist/$$program .; \
		git archive --format=$$format --prefix=$$name/ --add-file=dist/$$program -o dist/$$name.$$format HEAD README.md docs samples; \
		rm dist/$$program; \
	done
	@cd dist && sums=$$(sha256sum kommo-import-* 2>/dev/null || shasum -a 256 kommo-import-*) && echo "$$sums" >SHA256SUMS

# Tests write thousands of migration files, and SQLite waits until each commit is on disk. A kill loses nothing of a file
# in memory either, so tests write there if there is room and programs may run there.
IN_MEMORY = $(if $(TMPDIR),,$(shell grep -qs ' /dev/shm .*noexec' /proc/mounts || \
	df -Pk /dev/shm 2>/dev/null | awk '$$6 == "/dev/shm" && $$4 > 4000000 { print "TMPDIR=/dev/shm" }'))

# A package that waits leaves a core to another.
AT_ONCE = -p $(shell expr 1 + `getconf _NPROCESSORS_ONLN`)

test: ## every test
	$(IN_MEMORY) go test $(AT_ONCE) ./...

# SQLite is C that was translated into Go. Without the race detector in it, the tests are seven times as fast.
race: ## every test with the race detector, on fewer messages
	$(IN_MEMORY) go test $(AT_ONCE) -race -short -gcflags=modernc.org/...=-race=false -timeout 15m ./...

check: ## formatting, vet, modules, staticcheck, known vulnerabilities, and builds for the machines of administrators
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not gofmt-ed: $$unformatted"; exit 1; fi
	go vet ./...
	go mod tidy -diff
	go run $(STATICCHECK) ./...
	@found=$$(go run $(GOVULNCHECK) ./... 2>&1); status=$$?; case "$$found" in \
		*"fetching vulnerabilities"*) echo "known vulnerabilities not checked: their database cannot be reached" ;; \
		*) echo "$$found"; exit $$status ;; \
	esac
	@for platform in $(PLATFORMS); do \
		echo "build for $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go build -o /dev/null . || exit 1; \
	done

demo: build ## a whole migration against a local Kommo, in five chapters
	sh samples/demo.sh

browser: $(AXE) ## the pages of preview and report in Chromium, which must be installed; npm fetches axe-core
	go vet -tags browser ./internal/browser
	BROWSER=$(BROWSER) AXE=$(AXE) go test -tags browser -count=1 -v ./internal/browser

screenshots: ## the pictures of the pages, into docs; commit them by hand
	SCREENSHOTS=$(CURDIR)/docs BROWSER=$(BROWSER) go test -tags browser -count=1 -run TestScreenshots ./internal/browser

$(AXE):
	npm install --prefix .cache/axe-core-$(AXE_CORE) --ignore-scripts --no-audit --no-fund --silent axe-core@$(AXE_CORE)

bench: ## the figures of speed and memory, of ROWS messages
	SOAK=1 go test -count=1 -v -run 'TestAllowance|TestRateWithSlowAnswers' ./importer | grep -B1 '%'
	go test -run '^$$' -bench . -benchtime 1x -timeout 3h ./internal/bench -rows $(ROWS)

fuzz: ## each fuzz target for FUZZTIME
	@for target in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for name in $$(grep -h '^func Fuzz' $$target/*_test.go | sed 's/func \(Fuzz[A-Za-z]*\).*/\1/'); do \
			go test -run='^$$' -fuzz="^$$name$$" -fuzztime=$(FUZZTIME) $$target || exit 1; \
		done; \
	done

soak: ## hours of random kills, random sequences, fuzzing and a million messages; its figures go into notes
	SOAK=1 go test -v -timeout 3h -run 'Killed' ./internal/commands
	SOAK=1 go test -v -timeout 3h ./importer -rapid.checks=5000
	$(MAKE) fuzz FUZZTIME=5m
