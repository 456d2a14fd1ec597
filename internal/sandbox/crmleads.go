package sandbox

// summarizeLeads answers GET /api/v4/leads/unsorted/summary. Whether the numbers of the categories include the leads that were
// accepted is not documented: here total and chats do not, as "unsorted" says. A filter is ignored.
func (k *Kommo) summarizeLeads() answer {
	k.mu.Lock()
	defer k.mu.Unlock()
	waiting, accepted := 0, 0
	for _, l := range k.store.crm.leads {
		switch {
		case l.since.After(k.indexed()):
		case l.accepted:
			accepted++
		default:
			waiting++
		}
	}
	total := func(n int) map[string]int { return map[string]int{"total": n} }
	return halAnswer(mustMarshal(map[string]any{
		"total": waiting, "accepted": accepted, "declined": 0, "average_sort_time": 0,
		"categories": map[string]any{"sip": total(0), "mail": total(0), "forms": total(0), "chats": total(waiting)},
	}))
}
