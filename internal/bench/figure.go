package main

import (
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
	"time"
)

// A figure is one line of the table.
type figure struct {
	name, measured string
	target         string // "" if there is none: the figure is only told
	met            bool
}

// printFigures writes the table and returns how many targets were missed.
func printFigures(w io.Writer, figures []figure) (missed int, err error) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "figure\tmeasured\ttarget\t")
	for _, f := range figures {
		verdict := ""
		switch {
		case f.target == "":
		case f.met:
			verdict = "ok"
		default:
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.name, f.measured, f.target, verdict)
	}
	return missed, table.Flush()
}

// targets returns how many figures have one.
func targets(figures []figure) (n int) {
	for _, f := range figures {
		if f.target != "" {
			n++
		}
	}
	return n
}

// maxPeak is what each command may occupy of memory, in bytes.
const maxPeak = 150e6

// peakFigure is about the peak resident memory of a command, in bytes; 0 if it is not known.
func peakFigure(command string, peak int64) figure {
	f := figure{name: "peak resident memory: " + command, measured: "not measured on this system"}
	if peak > 0 {
		f.measured = fmt.Sprintf("%.0f MB", float64(peak)/1e6)
		f.target, f.met = "< 150 MB", peak < maxPeak
	}
	return f
}

// number returns n with a comma between the thousands.
func number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
