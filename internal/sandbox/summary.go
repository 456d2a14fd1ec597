package sandbox

import (
	"net/http"
	"time"
)

// Summary counts what arrived, and what is wrong with it.
type Summary struct {
	Chats               int `json:"chats"`
	Messages            int `json:"messages"`
	Distinct            int `json:"distinct"`     // different msgids
	Doubled             int `json:"doubled"`      // messages whose msgid had arrived before
	OutOfOrder          int `json:"out_of_order"` // messages older than the one that arrived before in the same chat
	Loud                int `json:"loud"`         // messages without silent:true
	ChatsWithoutOneLoud int `json:"chats_without_one_loud"`
	Incoming            int `json:"incoming"`
	Outgoing            int `json:"outgoing"`
	Requests            int `json:"requests"`
	TooManyRequests     int `json:"too_many_requests"` // answered with 429
	BusiestSecond       int `json:"busiest_second"`    // most requests in any second
}

// Summary returns the counts of this moment. Of chats_without_one_loud are those that have messages, but none that
// is loud or more than one.
func (k *Kommo) Summary() Summary {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.summarize()
}

func (k *Kommo) summarize() Summary {
	s := Summary{Chats: len(k.store.chats), Distinct: len(k.store.byMsgID), Requests: len(k.requests)}
	for _, c := range k.store.chats {
		s.countChat(c)
	}
	s.Doubled = s.Messages - s.Distinct
	for _, r := range k.requests {
		if r.Status == http.StatusTooManyRequests {
			s.TooManyRequests++
		}
	}
	s.BusiestSecond = busiestSecond(k.requests)
	return s
}

func (s *Summary) countChat(c *chat) {
	loud := 0
	for i, m := range c.messages {
		if i > 0 && m.msec < c.messages[i-1].msec {
			s.OutOfOrder++
		}
		if !m.silent {
			loud++
		}
		if m.receiver != nil {
			s.Outgoing++
		}
	}
	s.Messages += len(c.messages)
	s.Incoming = s.Messages - s.Outgoing
	s.Loud += loud
	if len(c.messages) > 0 && loud != 1 {
		s.ChatsWithoutOneLoud++
	}
}

// busiestSecond returns the greatest number of requests whose arrivals are less than a second apart.
func busiestSecond(requests []Request) int {
	most, first := 0, 0
	for i, r := range requests {
		for r.At.Sub(requests[first].At) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
