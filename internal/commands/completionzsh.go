package commands

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// zshCompletion returns the completion script for zsh, to be sourced, or to lie in $fpath as _kommo-import.
func zshCompletion(app *cli.App) string {
	root := completed(app)
	var text strings.Builder
	text.WriteString(`#compdef kommo-import
# Completion of kommo-import for zsh.
_kommo_import() {
    local -a offers
    local cur=${words[CURRENT]} flag=${words[CURRENT-1]} command= word
    for word in "${(@)words[2,CURRENT-1]}"; do
        [[ $word == -* ]] && break
        command+=${command:+ }$word
    done
    if [[ $cur == --*=* ]]; then
        flag=${cur%%=*}
        compset -P '*='
    fi
    case "$command $flag" in
`)
	for _, command := range root.all() {
		for _, flag := range command.flags {
			if flag.choices != nil {
				fmt.Fprintf(&text, "    (%s) compadd -- %s; return ;;\n", inQuotes(command.words+" --"+flag.name), strings.Join(flag.choices, " "))
			}
		}
	}
	fmt.Fprintf(&text, "    (%s) _files; return ;;\n    (%s) return 1 ;;\n    esac\n    case $command in\n",
		allInQuotes(root.places(flagText.takesFile), "|"), allInQuotes(root.places(flagText.takesAnything), "|"))
	for _, command := range root.all() {
		var rows []string
		for _, offer := range command.offers() {
			rows = append(rows, offer.word+":"+offer.does)
		}
		fmt.Fprintf(&text, "    (%s) offers=(\n        %s\n    ) ;;\n", inQuotes(command.words), allInQuotes(rows, "\n        "))
	}
	text.WriteString(`    esac
    _describe -V kommo-import offers
}
if [[ $funcstack[1] == _kommo-import ]]; then
    _kommo_import "$@"
else
    compdef _kommo_import kommo-import
fi
`)
	return text.String()
}
