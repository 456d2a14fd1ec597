package commands

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"kommo-import/sources/greenapi"
)

// isDeniedByGreenAPI reports whether Green-API denies access.
func isDeniedByGreenAPI(err error) bool {
	preflight, isPreflight := errors.AsType[*greenapi.PreflightError](err)
	return is[*greenapi.DeniedError](err) || is[*greenapi.QuotaError](err) || isPreflight && preflight.State != "authorized"
}

// greenAPIHint returns the hint of an error of Green-API.
func greenAPIHint(err error) string {
	switch e := err.(type) {
	case *greenapi.DeniedError:
		return greenAPIDeniedHint(e)
	case *greenapi.QuotaError:
		hint := fmt.Sprintf("Hint: go on after %s, or with another plan of Green-API: run the same command again.", e.Resets.Format(time.DateOnly))
		if e.Method == "downloadFile" {
			hint += "\n      Or do without the files: load with --media=text."
		}
		return hint
	case *greenapi.PreflightError:
		return "Hint: mend that and run the same command again. --force reads what there is all the same."
	case *greenapi.UnknownChatError:
		return "Hint: ids look like 79001234567@c.us, for groups like 120363025486842017@g.us."
	case *greenapi.UnavailableError:
		hint := "Hint: what was read is kept. Run the same command again to go on."
		if e.Method == "getChatHistory" {
			hint += "\n      Does it stop at the same chat each time? --count-max 1000 asks for less of each."
		}
		return hint
	}
	return ""
}

func greenAPIDeniedHint(denied *greenapi.DeniedError) string {
	return cmp.Or(map[int]string{
		400: "Hint: connect the phone in the console of Green-API: scan the QR code of the instance.",
		401: "Hint: check GREEN_API_TOKEN; it is apiTokenInstance in the console of Green-API.",
		403: "Hint: check GREEN_API_INSTANCE and GREEN_API_URL; the console of Green-API shows them as idInstance and apiUrl.",
	}[denied.Status], "Hint: check GREEN_API_URL; it is apiUrl in the console of Green-API.")
}
