package csvfile_test

import "testing"

// TestRepairs reads further files with the kinds of trouble that TestCases shows.
func TestRepairs(t *testing.T) {
	const media = "conversation_id,timestamp,direction,text,message_id,media_url,type,file_name,file_size\n"
	for _, tt := range []struct{ name, content, want string }{
		{"apostrophes in every cell", "conversation_id,timestamp,direction,text,message_id,client_name,client_phone,client_id\n" +
			"'c,'1700000000,'in,'@you,'m1,'+1 team,'+79001234567,'u\n", `
2 m1 +0s inc c (client u, name +1 team, phone +79001234567): text "@you"
1 x apostrophes before a cell, removed: chats.csv:2: direction "'in" is in
`},
		{"apostrophes that belong to a text", "conversation_id,timestamp,direction,text,client_name\n" +
			"c,1700000000,in,'quoted',O'Brien\nc,1700000000,in,'-5 degrees' he said,'t Hooft\nc,1700000000,in,'tis me,D'Arcy\n" +
			"c,1700000000,in,',x\nc,1700000000,in,don't,x\nc,1700000000,in,'- it isn't,x\n", `
2 +0s inc c (name O'Brien): text "'quoted'"
3 +0s inc c (name 't Hooft): text "'-5 degrees' he said"
4 +0s inc c (name D'Arcy): text "'tis me"
5 +0s inc c (name x): text "'"
6 +0s inc c (name x): text "don't"
7 +0s inc c (name x): text "- it isn't"
1 x apostrophes before a cell, removed: chats.csv:7: text "'- it isn't" is - it isn't
`},
		{"single quotes around cells", "conversation_id,timestamp,direction,text\n'79001234567@c.us','1700000000','in','hi'\n", `
2 +0s inc 79001234567@c.us (phone 79001234567@c.us): text "'hi'"
1 x apostrophes before a cell, removed: chats.csv:2: direction "'in'" is in
`},
		{"formulas", "conversation_id,timestamp,direction,text,message_id,client_phone\n" +
			`"=""0012""","=""1700000000""",in,"=""hi""",="m1",="+79001234567"` + "\n" + `c,1700000000,in,"=""a"" & ""b""",m2,` + "\n", `
2 m1 +0s inc 0012 (phone +79001234567): text "hi"
3 m2 +0s inc c: text "=\"a\" & \"b\""
1 x cells written as ="…", reduced to their text: chats.csv:2: conversation_id "=\"0012\"" is 0012
`},
		{"NULL in other columns", `conversation_id,timestamp,direction,text,message_id,client_name,type,media_url,file_size,latitude,longitude,reply_to,author_id
c,1700000000,in,one,\N,\N,\N,\N,\N,\N,\N,\N,\N
c,1700000000,in,NULL,null,null,null,https://example.com/a.jpg,(null),<null>,[NULL],nan,None
c,1700000000,in,null,m3,Null,,,,,,,
c,1700000000,in,\N,m4,Nulla,,,,,,,
NULL,1700000000,in,five,m5,,,,,,,,
`, `
2 +0s inc c: text "one"
3 +0s inc c: picture https://example.com/a.jpg
4 m3 +0s inc c (name Null): text "null"
chats.csv:5! text is empty
chats.csv:6! conversation_id is empty
2 x NULL or its like in a cell, read as empty: chats.csv:2: author_id "\\N" is empty
`},
		{"ids that a spreadsheet has spoiled", `conversation_id,timestamp,direction,text,message_id,reply_to
7.9001E+10,1700000000,in,one,m1,
"7,9001E+10",1700000000,in,two,m2,
c,1700000000,in,three,3E+17,
c,1700000000,in,four,m4,3.1E+17
5e12,1700000000,in,five,1E5,
`, `
5 m4 +0s inc c: text "four"
6 1E5 +0s inc 5e12: text "five"
chats.csv:2! conversation_id "7.9001E+10": a spreadsheet has shortened this number; format the column as text and export it again
chats.csv:3! conversation_id "7,9001E+10": a spreadsheet has shortened this number; format the column as text and export it again
chats.csv:4! message_id "3E+17": a spreadsheet has shortened this number; format the column as text and export it again
1 x unusable e-mails, avatars, authors, replies and posts, left out: chats.csv:5: reply_to "3.1E+17" is empty
`},
		{"marks within ids and times", "conversation_id,timestamp,direction,text,message_id,client_name\n" +
			"\u200e79001234567\u200b@c.us,\u200f1700000000,in\ufeff,a\u200eb,\u2068m1\u2069,\u202aAnna\u202c\n", `
2 m1 +0s inc 79001234567@c.us (name Anna, phone 79001234567@c.us): text "a` + "\\u200e" + `b"
1 x invisible marks in a cell, removed: chats.csv:2: direction "in\ufeff" is in
`},
		{"links", media +
			`c,1700000000,in,pipes,m1,https://example.com/a.jpg | https://example.com/b.pdf|HTTPS://example.com/c.ogg,,,` + "\n" +
			`c,1700000000,in,comma,m2,"https://example.com/a,b.jpg?u=https://example.com/c",,,` + "\n" +
			`c,1700000000,in,spaces,m3,"  https://example.com/a.jpg   https://example.com/b.jpg ; ",voice,name.ogg,12` + "\n" +
			`c,1700000000,in,json,m4,"[""https://example.com/a.jpg"", ""https://example.com/b.jpg""]",,,` + "\n" +
			`c,1700000000,in,half,m5,"photo.jpg, https://example.com/b.jpg",,,` + "\n" +
			`c,1700000000,in,joined,m7,https://example.com/a.jpghttps://example.com/b.jpg,,,` + "\n" +
			`c,1700000000,in,escaped,m8,https://example.com/a\nhttps://example.com/b.jpg,,,` + "\n" +
			`c,1700000000,in,words,m9,https://example.com/a.jpg and https://web.example/2/https://example.com/b.jpg,,,` + "\n" +
			`c,1700000000,in,letters,m6,https://example.com/мой файл.pdf,,мой файл.pdf,3` + "\n", `
2 m1 +0s inc c: picture "pipes" https://example.com/a.jpg
2 m1/2 +0s inc c: file https://example.com/b.pdf
2 m1/3 +0s inc c: audio HTTPS://example.com/c.ogg
3 m2 +0s inc c: picture "comma" https://example.com/a,b.jpg?u=https://example.com/c
4 m3 +0s inc c: voice "spaces" https://example.com/a.jpg
4 m3/2 +0s inc c: voice https://example.com/b.jpg
5 m4 +0s inc c: picture "json" https://example.com/a.jpg
5 m4/2 +0s inc c: picture https://example.com/b.jpg
6 m5 +0s inc c: picture "[picture: photo.jpg, no longer available]\nhalf" https://example.com/b.jpg
7 m7 +0s inc c: picture "joined" https://example.com/a.jpg
7 m7/2 +0s inc c: picture https://example.com/b.jpg
8 m8 +0s inc c: file "escaped" https://example.com/a
8 m8/2 +0s inc c: picture https://example.com/b.jpg
9 m9 +0s inc c: picture "words" https://example.com/a.jpg
9 m9/2 +0s inc c: picture https://web.example/2/https://example.com/b.jpg
10 m6 +0s inc c: file "letters" https://example.com/%D0%BC%D0%BE%D0%B9%20%D1%84%D0%B0%D0%B9%D0%BB.pdf мой файл.pdf of 3 bytes
6 x several links in one cell, read as one message each: chats.csv:2: media_url "https://example.com/a.jpg | https://example.com/b.pdf|HTTPS:…" is 3 links
1 x files without a web address, named in the text instead: chats.csv:6: media_url "photo.jpg" is [picture: photo.jpg, no longer available]
`},
		{"files without a link", media +
			`c,1700000000,in,,m1,C:\Users\Ann\photo 1.jpg,,,` + "\n" +
			`c,1700000000,in,hi,m2,,image,,` + "\n" +
			`c,1700000000,in,,m3,,ptt,ptt-1.ogg,` + "\n" +
			`c,1700000000,in,hi,m4,ftp://example.com/a.mp4?x=1,,,` + "\n" +
			`c,1700000000,in,hi,m5,0,,,` + "\n" +
			`c,1700000000,in,hi,m6,data:image/png;base64,,,,` + "\n" +
			`c,1700000000,in,hi,m7,https://,document,,` + "\n", `
2 m1 +0s inc c: text "[picture: photo 1.jpg, no longer available]"
3 m2 +0s inc c: text "[picture, no longer available]\nhi"
4 m3 +0s inc c: text "[voice: ptt-1.ogg, no longer available]"
5 m4 +0s inc c: text "[video: a.mp4, no longer available]\nhi"
6 m5 +0s inc c: text "hi"
7 m6 +0s inc c: text "[file, no longer available]\nhi"
8 m7 +0s inc c: text "[file, no longer available]\nhi"
6 x files without a web address, named in the text instead: chats.csv:2: media_url "C:\\Users\\Ann\\photo 1.jpg" is [picture: photo 1.jpg, no longer available]
`},
		{"bad optional cells", `conversation_id,timestamp,direction,text,message_id,type,latitude,longitude,client_email,client_avatar,media_url,file_size,post_id,post_url
c,1700000000,in,one,m1,poll,91,0,nobody,a.jpg,https://example.com/a.jpg,-1,p,
c,1700000000,in,two,m2,location,"37,6",55,ann@example.com,https://example.com/a.jpg,https://example.com/a.jpg,1.5,,
c,1700000000,in,three,m3,location,0,0,,,,,p,nowhere
c,1700000000,in,four,m4,,,,,,https://example.com/a.jpg,9000000000000000000,,
c,1700000000,in,five,m5,,,,,,https://example.com/a.jpg,1099511627776,,
`, `
2 m1 +0s inc c: picture "one" https://example.com/a.jpg
3 m2 +0s inc c (e-mail ann@example.com, avatar https://example.com/a.jpg): picture "two" https://example.com/a.jpg
4 m3 +0s inc c: location "three" at 0 0
5 m4 +0s inc c: picture "four" https://example.com/a.jpg
6 m5 +0s inc c: picture "five" https://example.com/a.jpg of 1099511627776 bytes
1 x a type that is no kind of message, guessed from the other columns: chats.csv:2: type "poll" is picture
3 x a file size that is no number of bytes up to 1 TB, left out: chats.csv:2: file_size "-1" is empty
2 x coordinates that are no place, left out: chats.csv:2: coordinates "91 0" is empty
2 x unusable e-mails, avatars, authors, replies and posts, left out: chats.csv:2: client_email "nobody" is empty
`},
		{"repairs of invalid rows do not count", "conversation_id,timestamp,direction,text\n'c,'x,in,a\n'd,1700000000,in,b\n", `
3 +0s inc d: text "b"
chats.csv:2! timestamp "x": not a time such as 2024-01-31 08:00; name its form with --time-format, such as --time-format "DD.MM.YYYY HH:MM"
1 x apostrophes before a cell, removed: chats.csv:3: conversation_id "'d" is d
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checkCase(t, write(t, tt.content), tt.want)
		})
	}
}
