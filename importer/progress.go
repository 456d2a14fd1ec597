package importer

import (
	"sync"
	"time"

	"kommo-import/internal/pace"
)

// A Progress is how far a [Sender] or a [Verifier] is.
type Progress struct {
	Done, Total int           // messages of this run
	Remaining   time.Duration // until the run is done, at the present rate
	PausedFor   time.Duration // how long requests are still held back; 0 if they are not
}

// A progress measures how fast messages get done. Until enough is measured, it takes the rate limit. The messages of a
// conversation get done one after the other, so the longest may take longer than all others.
type progress struct {
	mu       sync.Mutex
	pace     *pace.Pace
	finished int
	total    int
	marks    []mark        // one a second, of the last minute
	pauses   int           // so far
	left     map[int64]int // messages left in each conversation that is being sent
	response time.Duration // mean response time, of late
	resting  time.Time     // nothing is sent before
}

type mark struct {
	at       time.Time
	finished int
}

const (
	markEvery = time.Second
	maxMarks  = 60
	minSpan   = 10 * time.Second // a shorter measurement says little
)

func (p *progress) begin(total int, pace *pace.Pace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.total, p.pace = total, pace
	p.marks = []mark{{time.Now(), 0}}
}

// enter notes that the messages of a conversation are being sent from now on.
func (p *progress) enter(conversation int64, messages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.left == nil {
		p.left = make(map[int64]int)
	}
	p.left[conversation] = messages
}

// leave notes that nothing more of a conversation is sent.
func (p *progress) leave(conversation int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.left, conversation)
}

// rest notes that nothing is sent before a time.
func (p *progress) rest(until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resting = until
}

// responded measures the response time of a message.
func (p *progress) responded(took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.response == 0 {
		p.response = took
	}
	p.response += (took - p.response) / 8
}

// done counts one more message of a conversation.
func (p *progress) done(conversation int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished++
	if p.left[conversation] > 0 {
		p.left[conversation]--
	}
	now := time.Now()
	if pauses := p.pace.Pauses(); pauses != p.pauses {
		p.pauses = pauses
		p.marks = p.marks[:0] // a pause says nothing about the time after it
	}
	if n := len(p.marks); n > 0 && now.Sub(p.marks[n-1].at) < markEvery {
		return
	}
	if len(p.marks) == maxMarks {
		p.marks = p.marks[1:]
	}
	p.marks = append(p.marks, mark{now, p.finished})
}

func (p *progress) now(now time.Time) Progress {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pace == nil {
		return Progress{}
	}
	longest := 0
	for _, left := range p.left {
		longest = max(longest, left)
	}
	all := time.Duration(float64(p.total-p.finished) / p.perSecond() * float64(time.Second))
	paused := max(p.pace.PausedFor(), p.resting.Sub(now.Round(0)))
	return Progress{Done: p.finished, Total: p.total, PausedFor: paused, Remaining: paused + max(all, time.Duration(longest)*p.response)}
}

// perSecond returns the measured speed, but never more than the rate limit.
func (p *progress) perSecond() float64 {
	pace := p.pace.Rate()
	if len(p.marks) == 0 {
		return pace
	}
	first, last := p.marks[0], p.marks[len(p.marks)-1]
	span := last.at.Sub(first.at)
	if span < minSpan || last.finished == first.finished {
		return pace
	}
	return min(pace, float64(last.finished-first.finished)/span.Seconds())
}
