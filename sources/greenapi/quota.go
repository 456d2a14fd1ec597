package greenapi

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"
)

// A quotaAnswer is the body of a 466 (documented):
//
//	{"invokeStatus":{"method":"getContacts","used":1000,"total":1000,"status":"QUOTE_EXCEEDED","description":"…"}}
//
// or one whose invokeStatus has status QUOTE_ALLOWED, beside a correspondentsStatus of the same shape with status
// CORRESPONDENTS_QUOTE_EXCEEDED.
type quotaAnswer struct {
	Invoke         quotaStatus `json:"invokeStatus"`
	Correspondents quotaStatus `json:"correspondentsStatus"`
}

type quotaStatus struct {
	Used        toldNumber `json:"used"`
	Total       toldNumber `json:"total"`
	Status      looseText  `json:"status"`
	Description looseText  `json:"description"`
}

// quota returns the error that a 466 stands for. Whatever its body says, quotas begin anew on the 1st of a month
// (documented).
func (a *answer) quota(body []byte, now time.Time) error {
	var told quotaAnswer
	_ = json.Unmarshal(body, &told) // what cannot be read is not told
	correspondents := strings.Contains(string(told.Correspondents.Status), "EXCEEDED")
	status := told.Invoke
	if correspondents {
		status = told.Correspondents
	}
	now = now.UTC()
	return &QuotaError{
		Method:         a.method,
		Correspondents: correspondents,
		Used:           status.Used.whole(),
		Total:          status.Total.whole(),
		Description:    cmp.Or(a.client.scrubber().Text(string(status.Description)), a.client.words(body)),
		Resets:         time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC),
	}
}
