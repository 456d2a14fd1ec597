#compdef kommo-import
_kommo_import() {
    local -a offers
    local cur=${words[-1]}
    if [[ $cur == -* ]]; then
        offers=("${(@f)$(${words[@]:0:#words[@]-1} ${cur/%--/-} --generate-bash-completion 2>/dev/null)}")
    else
        offers=("${(@f)$(${words[@]:0:#words[@]-1} --generate-bash-completion 2>/dev/null)}")
    fi
    if [[ -n ${offers[1]} ]]; then
        _describe 'values' offers
    else
        _files
    fi
}
compdef _kommo_import kommo-import
