package importer

import (
	"cmp"
	"database/sql"
	"regexp"
	"slices"
)

const (
	maxGroups   = 50 // further reasons go into one group
	maxExamples = 3
)

// readGroups puts together what is skipped and invalid, by reason.
func (p *Preview) readGroups(tx *sql.Tx, _ Composer, _ Selection) (err error) {
	p.Invalid, err = groups(tx, `SELECT reason, position FROM invalid ORDER BY id`)
	if err != nil {
		return err
	}
	p.Skipped, err = groups(tx, `SELECT m.reason, (SELECT coalesce(content ->> '$.position', '') FROM spool WHERE id = m.spool)
		FROM message m WHERE m.conversation IN (SELECT id FROM conversation WHERE skipped > 0) AND m.state = 'skipped'`)
	return err
}

// groups counts rows of reason and position by reason. Reasons that differ only in what they quote are the same.
func groups(tx *sql.Tx, query string) ([]Group, error) {
	quoted, err := regexp.Compile(`"(?:[^"\\]|\\.)*"`)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[string]*Group)
	for rows.Next() {
		var reason, position string
		if err := rows.Scan(&reason, &position); err != nil {
			return nil, err
		}
		key := quoted.ReplaceAllString(reason, `"…"`)
		if found[key] == nil && len(found) >= maxGroups {
			key, reason = "", "other reasons"
		}
		group := found[key]
		if group == nil {
			group = &Group{Reason: reason}
			found[key] = group
		} else if group.Reason != reason {
			group.Reason = cmp.Or(key, reason)
		}
		group.Messages++
		if len(group.Examples) < maxExamples {
			group.Examples = append(group.Examples, position)
		}
	}
	return sorted(found), rows.Err()
}

// sorted returns the groups, the largest first.
func sorted(found map[string]*Group) []Group {
	list := make([]Group, 0, len(found))
	for _, group := range found {
		list = append(list, *group)
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}
