package commands

import "strings"

// nearest returns the name that somebody may have meant who wrote a word that is none, "" if nothing is near.
func nearest(word string, names []string) string {
	word = strings.ReplaceAll(strings.ToLower(word), "_", "-")
	best, found := "", min(max(1, len(word)/3)+1, len(word))
	for _, name := range names {
		if d := distance(word, name); d < found {
			best, found = name, d
		}
	}
	if best != "" || len(word) < 3 {
		return best
	}
	for _, name := range names {
		if strings.HasPrefix(name, word) {
			return name
		}
	}
	return ""
}

// distance returns how many letters must be put in, taken out, replaced, or swapped with their neighbour to make b of
// a: the optimal string alignment distance.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	rows := make([][]int, len(from)+1)
	for i := range rows {
		rows[i] = make([]int, len(to)+1)
		rows[i][0] = i
	}
	for j := range to {
		rows[0][j+1] = j + 1
	}
	for i := range from {
		for j := range to {
			replaced := rows[i][j]
			if from[i] != to[j] {
				replaced++
			}
			rows[i+1][j+1] = min(rows[i][j+1]+1, rows[i+1][j]+1, replaced)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				rows[i+1][j+1] = min(rows[i+1][j+1], rows[i-1][j-1]+1)
			}
		}
	}
	return rows[len(from)][len(to)]
}

// didYouMean returns "; did you mean …?" with the nearest name, or else what is said instead.
func didYouMean(prefix, word string, names []string, otherwise string) string {
	if name := nearest(word, names); name != "" {
		return "; did you mean " + prefix + name + "?"
	}
	return "; " + otherwise
}
