package kommo

import (
	"html"
	"regexp"
	"strings"
)

// markup is what a page holds besides its text.
var markup = regexp.MustCompile(`(?is)<script\b.*?</script\s*>|<style\b.*?</style\s*>|<!--.*?-->|<[^>]*>`)

// pageText returns what an HTML page says, preceded by a word that it is one. Such pages come from what stands
// between us and Kommo: a proxy, a load balancer, a hotel's network.
func pageText(page string) string {
	text := html.UnescapeString(markup.ReplaceAllString(page, " "))
	return join("an HTML page", strings.TrimSpace(text))
}
