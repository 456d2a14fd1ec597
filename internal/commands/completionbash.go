package commands

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// bashCompletion returns the completion script for bash. It works with the bash 3.2 of macOS too.
func bashCompletion(app *cli.App) string {
	root := completed(app)
	var text strings.Builder
	text.WriteString(`# Completion of kommo-import for bash.
_kommo_import() {
    local cur=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD-1]} command= i
    if [[ $cur == = ]]; then
        cur=
    elif [[ $flag == = ]]; then
        flag=${COMP_WORDS[COMP_CWORD-2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        [[ ${COMP_WORDS[i]} == -* ]] && break
        command+=${command:+ }${COMP_WORDS[i]}
    done
    COMPREPLY=()
    case "$command $flag" in
`)
	for _, command := range root.all() {
		for _, flag := range command.flags {
			if flag.choices != nil {
				fmt.Fprintf(&text, "    %s) COMPREPLY=($(compgen -W %s -- \"$cur\")); return ;;\n",
					inQuotes(command.words+" --"+flag.name), inQuotes(strings.Join(flag.choices, " ")))
			}
		}
	}
	fmt.Fprintf(&text, `    %s)
        local IFS=$'\n'
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$cur"))
        return ;;
    %s) return ;;
    esac
    case $command in
`, allInQuotes(root.places(flagText.takesFile), " | "), allInQuotes(root.places(flagText.takesAnything), " | "))
	for _, command := range root.all() {
		fmt.Fprintf(&text, "    %s) COMPREPLY=($(compgen -W %s -- \"$cur\")) ;;\n", inQuotes(command.words),
			inQuotes(strings.Join(wordsOf(command.offers()), " ")))
	}
	text.WriteString(`    esac
}
complete -F _kommo_import kommo-import
`)
	return text.String()
}

// inQuotes returns text as one word of a POSIX shell.
func inQuotes(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

func allInQuotes(texts []string, between string) string {
	quoted := make([]string, 0, len(texts))
	for _, text := range texts {
		quoted = append(quoted, inQuotes(text))
	}
	return strings.Join(quoted, between)
}
