STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
PLATFORMS   = windows/amd64 windows/arm64 darwin/amd64 darwin/arm64 linux/amd64 linux/arm64

.PHONY: build test check demo bench fuzz

build: ## the program, ./kommo-import
	CGO_ENABLED=0 go build -trimpath -o kommo-import .

test: ## every test, with the race detector; and without it those that take fewer cases with it
	go test -race -timeout 20m ./...
	go test ./importer ./sources/greenapi

check: ## formatting, vet, modules, staticcheck, and builds for the machines of administrators
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "not gofmt-ed: $$unformatted"; exit 1; fi
	go vet ./...
	go mod tidy -diff
	go run $(STATICCHECK) ./...
	@for platform in $(PLATFORMS); do \
		echo "build for $$platform"; \
		CGO_ENABLED=0 GOOS=$${platform%/*} GOARCH=$${platform#*/} go build -o /dev/null . || exit 1; \
	done

demo: build ## a whole migration against a local Kommo, killed half-way
	sh samples/demo.sh

bench: ## the figures of speed and memory
	go run ./bench

fuzz: ## each fuzz target for half a minute
	@for target in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
		for name in $$(grep -h '^func Fuzz' $$target/*_test.go | sed 's/func \(Fuzz[A-Za-z]*\).*/\1/'); do \
			go test -run='^$$' -fuzz="^$$name$$" -fuzztime=30s $$target || exit 1; \
		done; \
	done
