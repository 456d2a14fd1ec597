package csvfile

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"kommo-import/sources"
)

// plainNames returns the names that tables have for a column of record, in their plain form: English, Russian, Spanish and
// Portuguese. They are only proposed. Where a table has several, the first is. docs/csv.md shows them in the same words.
func plainNames(column string) []string {
	names := []string{plainForm(column)}
	for name := range strings.FieldsFuncSeq(plainNamesText()[column], func(r rune) bool { return r == ',' || r == ';' }) {
		names = append(names, plainForm(name))
	}
	return names
}

func plainNamesText() map[string]string {
	return map[string]string{
		"conversation_id": "chat_id, dialog_id, thread_id, chat session, file source, conn_id, customer_id, conversation, chat, dialog; " +
			"ID чата, ID диалога, чат, диалог; " +
			"ID conversación, conversación; " +
			"ID conversa, conversa",
		"timestamp": "message_created_at, message date, message time, date time, sent at, sent date, send time, created at, date; " +
			"дата и время, дата сообщения, время сообщения, дата отправки, дата; " +
			"fecha y hora, fecha de envío, fecha hora, fecha; " +
			"data e hora, data de envio, data hora, data; " +
			"time, время, hora",
		"direction": "message_direction, message_type, sender_type, message_author_type, author_type, user_type, from_type, role, fromMe, key.fromMe, is outgoing, type, from; " +
			"направление, тип сообщения, тип, кто; " +
			"dirección, sentido, tipo; " +
			"direção",
		"text": "message text, message_body, message_content, message, body, content; " +
			"текст сообщения, текст, сообщение; " +
			"texto del mensaje, mensaje, texto, contenido; " +
			"texto da mensagem, mensagem, conteúdo",
		"message_id": "msg_id, SID; " +
			"ID сообщения; " +
			"ID mensaje; " +
			"ID mensagem",
		"client_phone": "customer_phone, contact_phone_number, contact_phone, phone number, phone, mobile, msisdn, wa_id, whatsapp_id; " +
			"номер телефона, телефон контакта, телефон клиента, телефон; " +
			"teléfono del cliente, teléfono, número de teléfono, celular, móvil; " +
			"telefone do cliente, telefone, número de telefone",
		"client_name": "customer_name, contact_name, contact, client, customer; " +
			"имя клиента, имя контакта, имя, клиент, контакт; " +
			"nombre del cliente, nombre del contacto, nombre, cliente, contacto; " +
			"nome do cliente, nome do contato, nome, contato",
		"client_email": "contact_email, email; " +
			"почта; " +
			"correo electrónico, correo",
		"author_name": "sender_name, from_name, agent_name, operator, agent, sender, author, username, name; " +
			"отправитель, автор, менеджер, оператор; " +
			"remitente, autor, agente; " +
			"remetente, atendente, operador",
		"author_id": "sender_id, agent_id, message_author_id, sender_phone",
		"media_url": "file_url, attachment_url, media_link, media_path; " +
			"ссылка на файл, вложение; " +
			"adjunto; " +
			"anexo",
		"file_name": "filename, attachment; " +
			"имя файла; " +
			"archivo; " +
			"arquivo",
	}
}

// plainForm returns a name of a column without what people write differently: case, blanks and signs, accents.
func plainForm(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFD.String(canonical(name)))
}

// rankColumns returns what names say that their row is the header: those of record, and those that the mapping names, more than
// those that tables often have.
func rankColumns(m Mapping) func(name string) int {
	plain, known := make(map[string]bool), make(map[string]bool)
	for _, column := range columns() {
		for _, name := range plainNames(column) {
			plain[name] = true
		}
	}
	for _, name := range slices.Concat(columns(), m.sourceColumns()) {
		known[name] = true
	}
	return func(name string) int {
		switch {
		case known[name]:
			return 3
		case plain[plainForm(name)]:
			return 1
		}
		return 0
	}
}

// propose returns a mapping for the columns of record that a table has under plain names only. A column serves once. A
// name that the table has twice is not proposed.
func propose(h *header, m Mapping) Mapping {
	proposed, used := make(Mapping), m.sourceColumns()
	for _, column := range columns() {
		if _, isMapped := m[column]; isMapped || slices.Contains(h.normal, column) {
			continue
		}
		for _, name := range plainNames(column) {
			if at := h.findPlain(name); at >= 0 && !slices.Contains(used, h.normal[at]) {
				proposed[column] = strings.TrimSpace(h.spelled[at])
				used = append(used, h.normal[at])
				break
			}
		}
	}
	if _, isMapped := m["conversation_id"]; !isMapped && proposed["conversation_id"] == "" && !slices.Contains(h.normal, "conversation_id") {
		proposed.proposeConversation(h)
	}
	return proposed
}

// findPlain returns the place of the only column with a name in its plain form, -1 without such a column, or with several.
func (h *header) findPlain(name string) int {
	at := -1
	for i, normal := range h.normal {
		if plainForm(normal) != name {
			continue
		}
		if at >= 0 {
			return -1
		}
		at = i
	}
	return at
}

// proposeConversation names a conversation by its phone, so that it lands in the chat of a WhatsApp number, or else by the
// client's name.
func (m Mapping) proposeConversation(h *header) {
	phone, name := m["client_phone"], m["client_name"]
	if phone == "" && slices.Contains(h.normal, "client_phone") {
		phone = "client_phone"
	}
	if name == "" && slices.Contains(h.normal, "client_name") {
		name = "client_name"
	}
	switch {
	case phone != "":
		m["conversation_id"] = "{" + phone + "}@c.us"
	case namesClients(plainForm(name)):
		m["conversation_id"] = name
	}
}

// namesClients reports whether the column with that name, in its plain form, names the clients and nobody else. A column
// that is just called name may hold the authors of both sides.
func namesClients(name string) bool {
	return slices.ContainsFunc(strings.Fields("contact client customer клиент контакт contato"), func(word string) bool {
		return strings.Contains(name, word)
	}) && slices.Contains(plainNames("client_name"), name)
}

// proposedSides returns what values of the direction column of that name plainly mean, beyond the words that need no setting.
func proposedSides(column string) map[string]string {
	plain := make(map[string]string)
	if name := plainForm(column); strings.HasSuffix(name, "fromme") || name == "isoutgoing" {
		for word := range strings.SplitSeq(yes+",1", ",") {
			plain[word] = string(sources.Outgoing)
		}
		for word := range strings.SplitSeq(no+",0", ",") {
			plain[word] = string(sources.Incoming)
		}
	}
	for as, words := range map[string]string{
		string(sources.Incoming): "входящее|входящий|входящая|входящие|от клиента|клиент|получено|получен|entrante|entrada|recibido|recibida|cliente|" +
			"recebido|recebida|recebidas|recebidos|contato|contacto|visitor|user|lead|contact|end_user|incoming message|وارد|واردة",
		string(sources.Outgoing): "исходящее|исходящий|исходящая|исходящие|менеджер|оператор|сотрудник|отправлено|отправлен|бот|saliente|salida|enviado|enviada|" +
			"agente|saída|saida|atendente|operador|admin|outbound-api|outbound-reply|outbound-call|outgoing message|صادر|صادرة",
		"skipped": "note|private note|internal note|comment|notification|system|system message|activity|event|template_error|" +
			"заметка|примечание|системное|системное сообщение|уведомление|nota|nota privada|nota interna|sistema|notificación|notificação",
	} {
		for word := range strings.SplitSeq(words, "|") {
			plain[word] = as
		}
	}
	return plain
}
