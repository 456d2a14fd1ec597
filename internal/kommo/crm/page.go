package crm

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"kommo-import/internal/kommo"
)

// PageSize is the number of elements that a page is asked for, the documented maximum.
const PageSize = 250

// A Page is a page of a list.
type Page[T any] struct {
	Items []T
	// Unreadable is how many elements of the page have no readable id. They are not in Items.
	Unreadable int
	// Next asks for the next page, "" after the last. It is a query, such as limit=250&page=2, and fit to be stored: it
	// holds neither the account nor the token.
	Next string
}

// MaxPages is how many pages [All] reads. With [PageSize] elements on each it is beyond every list.
const MaxPages = 10_000

// All returns the elements of all pages. read returns the page for a next of the page before, "" for the first page; it
// waits for the rate limit and repeats as its caller wants. A list without an end is an error.
func All[T any](read func(next string) (Page[T], error)) ([]T, error) {
	var all []T
	seen := map[string]bool{"": true}
	for next := ""; ; {
		page, err := read(next)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if next = page.Next; next == "" {
			return all, nil
		}
		if seen[next] || len(seen) == MaxPages {
			return nil, fmt.Errorf("the pages have no end: %q is the next page again, or page %d", next, len(seen)+1)
		}
		seen[next] = true
	}
}

// pageQuery returns the query for a page: next, as a page before gave it, or the query of the first page. The number of
// elements and the order are the same on all pages.
func pageQuery(next string, first url.Values) (url.Values, error) {
	query, err := url.ParseQuery(next)
	if err != nil {
		return nil, fmt.Errorf("next page %q: not a query", next)
	}
	for name, values := range first {
		query[name] = values
	}
	query.Set("limit", strconv.Itoa(PageSize))
	return query, nil
}

// A listAnswer is a page of a list as the API answers it:
//
//	{"_page":1,"_links":{"self":{"href":"…"},"next":{"href":"https://example.kommo.com/api/v4/contacts?limit=250&page=2"}},
//	 "_embedded":{"contacts":[{"id":3,…},…]}}
type listAnswer struct {
	Links    json.RawMessage            `json:"_links"`
	Embedded map[string]json.RawMessage `json:"_embedded"`
}

// next returns the query of the address of the next page, "" if there is no next page.
func (l listAnswer) next() (string, error) {
	var links struct {
		Next struct {
			Href kommo.LooseText `json:"href"`
		} `json:"next"`
	}
	_ = json.Unmarshal(l.Links, &links)
	if links.Next.Href == "" {
		return "", nil
	}
	address, err := url.Parse(string(links.Next.Href))
	if err != nil || address.RawQuery == "" {
		return "", errors.New("the answer has a next page without a query")
	}
	return address.RawQuery, nil
}

// readPage reads a page of a list. name is the key of the list; a 204 is an empty page. keep reports whether an element is
// readable. Of the address of the next page only the query is used: the token goes to no other host or path.
func readPage[T any](a kommo.Answer, name string, keep func(T) bool) (page Page[T], err error) {
	if a.Status == http.StatusNoContent {
		return page, nil
	}
	var reply listAnswer
	if err := a.Decode(&reply); err != nil {
		return page, err
	}
	var items []T
	if err := json.Unmarshal(reply.Embedded[name], &items); err != nil || items == nil {
		return page, errors.New("the answer has no " + name)
	}
	for _, item := range items {
		if keep(item) {
			page.Items = append(page.Items, item)
		} else {
			page.Unreadable++
		}
	}
	page.Next, err = reply.next()
	return page, err
}
