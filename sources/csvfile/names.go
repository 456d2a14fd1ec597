package csvfile

import (
	"slices"
	"strings"

	"kommo-import/sources"
)

// plainNames are names that tables have for the columns of record, in the normal form: English, Russian, Spanish and
// Portuguese. docs/csv.md shows them. They are only proposed. Where a table has several, the first is.
func plainNames(column string) []string {
	return strings.Fields(map[string]string{
		"conversation_id": "conversation_id conversationid chat_id chatid dialog_id thread_id chat_session conn_id customer_id " +
			"conversation chat dialog id_чата id_диалога чат диалог id_conversación id_conversacion conversación id_conversa conversa",
		"timestamp": "timestamp message_created_at message_date date_time datetime sent_at sentdate sent_date sendtime sent_time created_at " +
			"date дата_и_время дата_сообщения время_сообщения дата fecha_y_hora fecha_hora fecha data_e_hora data_hora data time время hora",
		"direction": "direction message_direction message_type sender_type sendertype message_author_type from_type type from " +
			"направление тип_сообщения тип кто dirección direccion sentido tipo direção direcao",
		"text": "text message_text message_body message_content message body content " +
			"текст_сообщения текст сообщение mensaje texto contenido mensagem conteúdo conteudo",
		"message_id": "message_id messageid msg_id sid id_сообщения id_mensaje id_mensagem",
		"client_phone": "client_phone customer_phone contact_phone_number contact_phone phone_number phone whatsapp_id " +
			"номер_телефона телефон_клиента телефон teléfono telefono celular móvil telefone número_de_telefone",
		"client_name": "client_name customer_name contact_name contact client customer имя_клиента имя клиент контакт " +
			"nombre_del_cliente nombre cliente contacto nome_do_cliente nome contato",
		"client_email": "client_email contact_email email e_mail почта correo_electrónico correo",
		"author_name": "author_name sender_name from_name agent_name operator agent sender author username name " +
			"отправитель автор менеджер оператор remitente autor agente remetente atendente operador",
		"author_id": "author_id sender_id agent_id message_author_id sender_phone",
		"media_url": "media_url file_url attachment_url media_link вложение ссылка_на_файл adjunto anexo",
		"file_name": "file_name filename attachment имя_файла archivo arquivo",
	}[column])
}

// rankColumns returns what names say that their row is the header: those of record, and those that the mapping names, more than
// those that tables often have.
func rankColumns(m Mapping) func(name string) int {
	ranks := make(map[string]int)
	for _, column := range columns() {
		for _, name := range plainNames(column) {
			ranks[name] = 1
		}
	}
	for _, name := range slices.Concat(columns(), m.sourceColumns()) {
		ranks[name] = 3
	}
	return func(name string) int { return ranks[name] }
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
			if at, err := h.find(name); err == nil && at >= 0 && !slices.Contains(used, name) {
				proposed[column] = strings.TrimSpace(h.spelled[at])
				used = append(used, name)
				break
			}
		}
	}
	if _, isMapped := m["conversation_id"]; !isMapped && proposed["conversation_id"] == "" && !slices.Contains(h.normal, "conversation_id") {
		proposed.proposeConversation(h)
	}
	return proposed
}

// proposeConversation names a conversation by its phone, so that it lands in the chat of a WhatsApp number.
func (m Mapping) proposeConversation(h *header) {
	phone := m["client_phone"]
	if phone == "" && slices.Contains(h.normal, "client_phone") {
		phone = "client_phone"
	}
	if phone != "" {
		m["conversation_id"] = "{" + phone + "}@c.us"
	}
}

// proposedSides returns what values of a direction column plainly mean, beyond the words that need no setting.
func proposedSides() map[string]string {
	plain := make(map[string]string)
	for as, words := range map[string]string{
		string(sources.Incoming): "входящее|входящий|входящая|входящие|от клиента|клиент|получено|entrante|entrada|recibido|recibida|cliente|" +
			"recebido|recebida|contato|contacto|visitor|user|lead|contact|end_user|incoming message|وارد|واردة",
		string(sources.Outgoing): "исходящее|исходящий|исходящая|исходящие|менеджер|оператор|сотрудник|отправлено|бот|saliente|salida|enviado|enviada|" +
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
