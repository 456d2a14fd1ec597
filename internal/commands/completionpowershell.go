package commands

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// powershellCompletion returns the completion script for PowerShell, from version 5 on.
func powershellCompletion(app *cli.App) string {
	root := completed(app)
	var text strings.Builder
	text.WriteString(`# Completion of kommo-import for PowerShell.
Register-ArgumentCompleter -Native -CommandName kommo-import, kommo-import.exe -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $values = @{
`)
	for _, command := range root.all() {
		for _, flag := range command.flags {
			if flag.choices != nil {
				fmt.Fprintf(&text, "        '%s --%s' = @(%s)\n", command.words, flag.name, powershellWords(flag.choices))
			}
		}
	}
	text.WriteString("    }\n    $offers = @{\n")
	for _, command := range root.all() {
		fmt.Fprintf(&text, "        '%s' = @(%s)\n", command.words, powershellWords(wordsOf(command.offers())))
	}
	fmt.Fprintf(&text, `    }
    $free = @(%s)
    $typed = @($commandAst.CommandElements | Select-Object -Skip 1 |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
    $command = ''
    foreach ($word in $typed) {
        if ($word.StartsWith('-')) { break }
        $command = "$command $word".Trim()
    }
    $place = $command
    if ($typed.Count -gt 0) { $place = "$command $($typed[-1])" }
    if ($values.ContainsKey($place)) { $found = $values[$place] }
    elseif ($free -contains $place) { return }
    else { $found = $offers[$command] }
    $found | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
`, powershellWords(root.places(func(flag flagText) bool { return flag.choices == nil })))
	return text.String()
}

func powershellWords(words []string) string {
	quoted := make([]string, 0, len(words))
	for _, word := range words {
		quoted = append(quoted, "'"+strings.ReplaceAll(word, "'", "''")+"'")
	}
	return strings.Join(quoted, ", ")
}
