package greenapi

import "testing"

func TestMediaNames(t *testing.T) {
	for _, tt := range []struct{ name, mimeType, want string }{
		{"", "image/jpeg", ""},
		{" a ", "image/png", "a.png"},
		{"a.JPEG", "image/png", "a.JPEG"},
		{"a.7z", "application/zip", "a.7z"},
		{"v1.2 final", "application/pdf", "v1.2 final.pdf"},
		{"2025.05", "application/pdf", "2025.05.pdf"},
		{"договор", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "договор.docx"},
		{"prices", "text/csv; charset=utf-8", "prices.csv"},
		{"a", "Video/3GPP", "a.3gp"},
		{"a", "application/x-unheard-of", "a"},
		{"a", "", "a"},
	} {
		e := entry{FileName: lenientText(tt.name), MIMEType: lenientText(tt.mimeType)}
		if got := mediaOf(&e).Name; got != tt.want {
			t.Errorf("name of %q, %q = %q, want %q", tt.name, tt.mimeType, got, tt.want)
		}
	}
}
