package greenapi

import (
	"cmp"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// {"orderId": "1234567890123456", "totalPrice": "250000", "currency": "RUB", "itemCount": 3, "orderTitle": "Green Shop",
// "message": "Tomorrow, please"}. Prices are in hundredths, or whatever the smallest unit of the currency is. The first two
// are documented for webhooks, the others are those of WhatsApp's own protocol (inferred).
type entryOrder struct {
	ID           lenientText    `json:"orderId"`
	Title        lenientText    `json:"orderTitle"`
	Message      lenientText    `json:"message"`
	Text         lenientText    `json:"text"`
	ItemCount    optionalNumber `json:"itemCount"`
	TotalPrice   lenientText    `json:"totalPrice"`
	Total        lenientText    `json:"total"`
	Total1000    lenientText    `json:"totalAmount1000"` // in thousandths
	Currency     lenientText    `json:"currency"`
	CurrencyCode lenientText    `json:"currencyCode"`
	TotalCode    lenientText    `json:"totalCurrencyCode"`
	Items        []entryItem    `json:"items"`
	Products     []entryItem    `json:"products"`
}

// An entryItem is an item of an order (inferred).
type entryItem struct {
	Name     lenientText    `json:"name"`
	Title    lenientText    `json:"title"`
	Quantity optionalNumber `json:"quantity"`
}

// {"productId": "77", "title": "Roses", "description": "25 roses", "currencyCode": "EUR", "price": "2500",
// "url": "https://example.com/77"} (documented for webhooks)
type entryProduct struct {
	ID           lenientText `json:"productId"`
	Title        lenientText `json:"title"`
	Name         lenientText `json:"name"`
	Description  lenientText `json:"description"`
	Price        lenientText `json:"price"`
	Price1000    lenientText `json:"priceAmount1000"` // in thousandths
	Currency     lenientText `json:"currency"`
	CurrencyCode lenientText `json:"currencyCode"`
	URL          lenientText `json:"url"`
}

// orderText returns
//
//	[order] 3 items, 2500.00 RUB
//	- Roses × 3
//	Green Shop
//	Tomorrow, please
func orderText(e *entry) string {
	o := e.Order
	if o == nil {
		return labelled("[order] ", strings.TrimSpace(string(bodyOf(e))))
	}
	currency := cmp.Or(o.Currency, o.TotalCode, o.CurrencyCode)
	items := append(o.Items, o.Products...)
	sum := cmp.Or(price(cmp.Or(o.TotalPrice, o.Total), currency), thousandths(o.Total1000, currency))
	head := []string{itemCount(cmp.Or(o.ItemCount.count(), len(items))), sum}
	lines := []lenientText{lenientText(strings.Trim(strings.Join(head, ", "), ", "))}
	for _, item := range items {
		lines = append(lines, lenientText(labelled("- ", itemText(item))))
	}
	lines = append(lines, o.Title, o.Message, o.Text, bodyOf(e))
	return labelled("[order] ", cmp.Or(nonBlankLines(lines...), oneLine(string(o.ID))))
}

func itemCount(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 item"
	}
	return strconv.Itoa(n) + " items"
}

func itemText(item entryItem) string {
	name := oneLine(string(cmp.Or(item.Name, item.Title)))
	if n := item.Quantity.count(); n > 0 && name != "" {
		return fmt.Sprintf("%s × %d", name, n)
	}
	return name
}

// productText returns
//
//	[product] Roses
//	25 roses
//	25.00 EUR
//	https://example.com/77
func productText(e *entry) string {
	p := e.Product
	if p == nil {
		return labelled("[product] ", nonBlankLines(bodyOf(e), e.Caption))
	}
	currency := cmp.Or(p.CurrencyCode, p.Currency)
	sum := cmp.Or(price(p.Price, currency), thousandths(p.Price1000, currency))
	lines := nonBlankLines(cmp.Or(p.Title, p.Name), p.Description, lenientText(sum), p.URL, bodyOf(e), e.Caption)
	return labelled("[product] ", cmp.Or(lines, oneLine(string(p.ID))))
}

// price returns an amount in the smallest unit of its currency as people write it: "2500.00 RUB" for 250000. An amount
// that is not a whole number stays as it is.
func price(amount, currency lenientText) string {
	return inUnits(amount, currency, decimals(string(currency)))
}

// thousandths returns an amount in thousandths as people write it.
func thousandths(amount, currency lenientText) string { return inUnits(amount, currency, 3) }

func inUnits(amount, currency lenientText, places int) string {
	text := oneLine(string(amount))
	if text == "" {
		return ""
	}
	if whole, ok := new(big.Int).SetString(text, 10); ok && len(text) <= 30 {
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
		text = new(big.Rat).SetFrac(whole, scale).FloatString(decimals(string(currency)))
	}
	return strings.TrimSpace(text + " " + oneLine(string(currency)))
}

// decimals returns the number of decimals of a currency (ISO 4217).
func decimals(currency string) int {
	currency = strings.ToUpper(strings.TrimSpace(currency))
	switch {
	case len(currency) != 3:
		return 2
	case strings.Contains("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF", currency):
		return 0
	case strings.Contains("BHD IQD JOD KWD LYD OMR TND", currency):
		return 3
	}
	return 2
}
