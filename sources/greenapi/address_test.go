package greenapi

import (
	"strings"
	"testing"
)

func TestParseBaseURL(t *testing.T) {
	for _, test := range []struct{ address, want, err string }{
		{"https://7105.api.greenapi.com", "https://7105.api.greenapi.com", ""},
		{"https://api.green-api.com/", "https://api.green-api.com/", ""},
		{"https://proxy.example/green", "https://proxy.example/green", ""},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080", ""},
		{"http://[::1]:8080", "http://[::1]:8080", ""},
		{"http://localhost", "http://localhost", ""},
		{"", "", "not of the form https://host"},
		{"7105.api.greenapi.com", "", "not of the form https://host"},
		{"ftp://host/" + testToken, "", "not of the form https://host"},
		{"https:///" + testToken, "", "not of the form https://host"},
		{"https://host/%zz" + testToken, "", "not of the form https://host"},
		{"https://" + testToken + "@host", "", "has a user, a query or a fragment"},
		{"https://host/?" + testToken, "", "has a user, a query or a fragment"},
		{"https://host/?", "", "has a user, a query or a fragment"},
		{"https://host/#" + testToken, "", "has a user, a query or a fragment"},
		{"https://host/waInstance7105/getChats/" + testToken, "", "use apiUrl as the console shows it"},
		{"http://" + testToken, "", "only https leaves this machine"},
		{"http://10.0.0.1", "", "only https leaves this machine"},
	} {
		got, err := ParseBaseURL(test.address)
		switch {
		case test.err == "" && err != nil:
			t.Errorf("%s: %v", test.address, err)
		case test.err == "":
			if got.String() != test.want {
				t.Errorf("%s: got %s, want %s", test.address, got, test.want)
			}
		case err == nil || !strings.Contains(err.Error(), test.err):
			t.Errorf("%s: got %v, want … %s", test.address, err, test.err)
		default:
			checkClean(t, err.Error())
		}
	}
}
