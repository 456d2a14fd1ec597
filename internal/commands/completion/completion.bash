# Completion of kommo-import for bash. A lone -- would end the flags.
_kommo_import() {
    local cur=${COMP_WORDS[COMP_CWORD]} words=("${COMP_WORDS[@]:0:COMP_CWORD}") IFS=$'\n'
    [[ $cur == -* ]] && words+=("${cur/%--/-}")
    COMPREPLY=($(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "$cur"))
}
complete -o default -F _kommo_import kommo-import
