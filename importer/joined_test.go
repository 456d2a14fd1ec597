package importer

import "testing"

// A message of a conversation that is left out is not lost if another conversation of its chat has it, too.
func TestJoinedChatPartlyLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustLoad(loads(tableOf(lidLines(), true), shifted(0)))
	w.mustDecide("34611000001@c.us import=no", "77@lid chat=34611000001@c.us")
	w.send(0)
	w.wantChats("34611000001@c.us: #a1 #a2 #a4 #a5!", "bob: #b1 #b2!")
}
