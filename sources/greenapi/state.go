package greenapi

import "context"

// State returns the state of the instance: notAuthorized, authorized, blocked, sleepMode, starting, suspended
// (yellowCard before 5.44.37.12) or pendingCode (documented). While it is starting, WhatsApp synchronizes the history.
func (c *Client) State(ctx context.Context) (string, error) {
	// {"stateInstance":"authorized"}
	var told struct {
		State looseText `json:"stateInstance"`
	}
	err := c.call(ctx, question{method: getStateInstance}, func(a *answer) error {
		err := a.decode(&told)
		if err == nil && told.State == "" {
			return a.misshapen("it has no stateInstance")
		}
		return err
	})
	return string(told.State), err
}

// Settings is what decides on which messages the journals of an instance hold. Journals fill only while the settings
// are on; what is sent through the API is always recorded (documented).
type Settings struct {
	// WID is the instance's own id at WhatsApp, e.g. "79001234567@c.us"; "" if there is none.
	WID string
	// Incoming is incomingWebhook: incoming messages are recorded.
	Incoming bool
	// OutgoingMessage is outgoingMessageWebhook: messages sent from the phone are recorded.
	OutgoingMessage bool
	// IncomingTold and OutgoingMessageTold report whether the answer says "yes" or "no" at all.
	IncomingTold, OutgoingMessageTold bool
}

// Settings returns the settings of the instance. A change of them takes up to 5 minutes (documented).
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	// {"wid":"79001234567@c.us","incomingWebhook":"yes","outgoingMessageWebhook":"no","delaySendMessagesMilliseconds":1000,…}
	var told struct {
		WID             looseText  `json:"wid"`
		Incoming        toldSwitch `json:"incomingWebhook"`
		OutgoingMessage toldSwitch `json:"outgoingMessageWebhook"`
	}
	err := c.call(ctx, question{method: getSettings}, func(a *answer) error { return a.decode(&told) })
	if err != nil {
		return Settings{}, err
	}
	return Settings{
		WID:                 string(told.WID),
		Incoming:            told.Incoming.on,
		OutgoingMessage:     told.OutgoingMessage.on,
		IncomingTold:        told.Incoming.told,
		OutgoingMessageTold: told.OutgoingMessage.told,
	}, nil
}

// WaSettings is what an instance knows of its WhatsApp account.
type WaSettings struct {
	// Phone is the account's, digits; "" if it is not told.
	Phone string
	// SyncProgress is historySyncProgress, how far WhatsApp has handed over the history (seen in code: a number; that
	// it counts to 100 is inferred); nil if it is not told.
	SyncProgress *float64
}

// WaSettings returns what the instance knows of its WhatsApp account.
func (c *Client) WaSettings(ctx context.Context) (WaSettings, error) {
	// {"avatar":"https://…","phone":79001234567,"stateInstance":"authorized","deviceId":"…","historySyncProgress":100}
	var told struct {
		Phone    looseText  `json:"phone"`
		Progress toldNumber `json:"historySyncProgress"`
	}
	err := c.call(ctx, question{method: getWaSettings}, func(a *answer) error { return a.decode(&told) })
	if err != nil {
		return WaSettings{}, err
	}
	settings := WaSettings{Phone: string(told.Phone)}
	if told.Progress.told {
		settings.SyncProgress = &told.Progress.value
	}
	return settings, nil
}
