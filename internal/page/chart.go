package page

import "kommo-import/importer"

// A chart is the messages of each month as bars.
type chart struct {
	Bars        []bar
	Width       int
	First, Last string // the names of the first and the last month
	Most        int    // messages in the month with the most
	MostIn      string
}

// A bar is a month in the chart, in units of the drawing.
type bar struct {
	X, Y, Height int
	Title        string
}

const (
	barWidth    = 10
	barStep     = 12
	chartHeight = 100
)

func newChart(months []importer.Month) (c chart) {
	for _, m := range months {
		if m.Messages > c.Most {
			c.Most, c.MostIn = m.Messages, m.Begin.Format("January 2006")
		}
	}
	for i, m := range months {
		height := 0
		if m.Messages > 0 {
			height = max(1, m.Messages*chartHeight/c.Most)
		}
		c.Bars = append(c.Bars, bar{i * barStep, chartHeight - height, height, m.Begin.Format("January 2006") + ": " + number(m.Messages)})
	}
	if n := len(months); n > 0 {
		c.Width = n*barStep - (barStep - barWidth)
		c.First, c.Last = months[0].Begin.Format("Jan 2006"), months[n-1].Begin.Format("Jan 2006")
	}
	return c
}
