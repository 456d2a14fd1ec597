package greenapi

import (
	"context"
	"sync"
)

// oneEach admits one at a time for each key. Its zero value is ready.
type oneEach struct {
	mu     sync.Mutex
	inside map[string]chan struct{} // is closed by who leaves
}

// enter waits until nobody is inside for key, or ctx ends; leave has to be called once.
func (o *oneEach) enter(ctx context.Context, key string) (leave func(), err error) {
	for {
		left, ok := o.occupy(key)
		if ok {
			return func() { o.free(key, left) }, nil
		}
		select {
		case <-left:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// occupy reports whether there was nobody inside for key; if there was, the channel is closed when they leave.
func (o *oneEach) occupy(key string) (left chan struct{}, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if left, taken := o.inside[key]; taken {
		return left, false
	}
	if o.inside == nil {
		o.inside = map[string]chan struct{}{}
	}
	left = make(chan struct{})
	o.inside[key] = left
	return left, true
}

func (o *oneEach) free(key string, left chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.inside, key)
	close(left)
}
