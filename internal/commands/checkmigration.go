package commands

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"kommo-import/importer"
	"kommo-import/internal/migration"
)

const (
	checkFile       = "migration file"
	checkCounts     = "counts"
	checkPlan       = "plan"
	checkLinks      = "media links"
	checkScopeMatch = "scope of the migration"
	checkSenders    = "senders"
	checkDisk       = "free disk"
)

// checkMigration checks that the migration file is healthy and can be sent. It only reads.
func (u *checkup) checkMigration(ctx context.Context) error {
	path := u.v.text("migration")
	place, err := migration.Stat(path)
	if err != nil {
		u.failedBy(checkFile, err, "Name another file with --migration.")
		u.notTested("the place of the migration file is not known", checkDisk)
		return nil
	}
	if place.Size == 0 {
		u.notTested("there is none yet; kommo-import load makes it", checkFile)
		u.skipMigration(place, "there is no migration to be sent yet")
		return nil
	}
	file, err := importer.OpenReadOnly(path)
	switch {
	case errors.Is(err, migration.ErrNothingLoaded):
		u.notTested("nothing is in it yet; load the conversations with kommo-import load", checkFile)
		u.skipMigration(place, "there is no migration to be sent yet")
	case err != nil:
		u.failedBy(checkFile, err, "Name another file with --migration, or a copy of this one from before.")
		u.skipMigration(place, "the migration file cannot be read")
	default:
		return errors.Join(u.checkOpen(ctx, file, place), file.Close())
	}
	return nil
}

// skipMigration adds that the plan in the migration file was not tested, with the reason, and reports the rest.
func (u *checkup) skipMigration(place migration.FileInfo, why string) {
	u.notTested(why, checkCounts, checkPlan, checkLinks, checkScopeMatch)
	if _, err := u.v.composer(); err != nil {
		u.failed(checkSenders, err.Error(), senderAdvice)
	} else {
		u.notTested(why, checkSenders)
	}
	u.reportDisk(place, 0)
}

// checkOpen checks an open migration file.
func (u *checkup) checkOpen(ctx context.Context, file *importer.File, place migration.FileInfo) error {
	u.program.ui.info("Reading all of %s …", printable(filepath.Base(u.v.text("migration"))))
	health, err := file.Health(ctx)
	if ctx.Err() != nil {
		return nil
	}
	if err == nil && len(health.Damage) > 0 {
		err = errors.New("the file is damaged: " + strings.Join(health.Damage, "; "))
	}
	if err != nil {
		u.failedBy(checkFile, err, "Do not send with it. Go on with a copy of the file from before; with a new file everything would be sent again.")
		u.skipMigration(place, "the migration file is not whole")
		return nil
	}
	if place.NotWritable != nil {
		u.failed(checkFile, "it can be read, but not written: "+place.NotWritable.Error(), "Give yourself the right to write it, or copy it to another place and name that with --migration.")
	} else {
		u.ok(checkFile, "is whole (%s)", amount(uint64(place.Size)))
	}
	u.reportCounts(health)
	u.reportPlan(health)
	u.reportScopeAndLinks(file)
	if err := u.reportSenders(file); err != nil {
		return err
	}
	u.reportDisk(place, health.Status.Messages.Planned+health.Status.Messages.Sending)
	return nil
}

func (u *checkup) reportCounts(health importer.Health) {
	if len(health.Miscounted) > 0 {
		u.failed(checkCounts, "the numbers kept do not agree with the messages of "+strings.Join(health.Miscounted, ", "),
			"This must not happen. Keep a copy of the file, tell the makers of kommo-import, and do not send before they answered.")
		return
	}
	u.ok(checkCounts, "the numbers kept agree with the messages")
}

func (u *checkup) reportPlan(health importer.Health) {
	m := health.Status.Messages
	switch {
	case errors.Is(health.Plan, migration.ErrNothingLoaded):
		u.notTested("nothing was loaded yet", checkPlan)
	case health.Plan != nil:
		u.failedBy(checkPlan, health.Plan, "Run the load again.")
	case m.Planned+m.Sending == 0:
		u.ok(checkPlan, "is complete; nothing is left to be sent")
	default:
		u.ok(checkPlan, "is complete; %s to be sent", plural(m.Planned+m.Sending, "message"))
	}
}

// reportScopeAndLinks reports whether the links of the migration are alive, and whether it belongs to this scope.
func (u *checkup) reportScopeAndLinks(file *importer.File) {
	sender := &importer.Sender{File: file}
	_ = u.program.renewLinks(u.v, sender) // an error of that has a line of its own
	if err := sender.CheckLinks(); err != nil {
		u.failedBy(checkLinks, err, "Load again.")
	} else {
		u.ok(checkLinks, "none is known to be dead")
	}
	if u.scope == "" {
		u.notTested("the scope id is not known", checkScopeMatch)
		return
	}
	if err := file.CheckScope(u.scope, u.v.text("conversation-prefix")); err != nil {
		u.failedBy(checkScopeMatch, err, "Use the same scope as before.")
	} else {
		u.ok(checkScopeMatch, "this scope, or none yet")
	}
}

const senderAdvice = "Set KOMMO_BOT_ID, which you got when the channel was registered, and map the authors to Kommo users under users: in " +
	defaultConfig + "."

// reportSenders reports the senders of the outgoing messages.
func (u *checkup) reportSenders(file *importer.File) error {
	composer, err := u.v.composer()
	if err != nil {
		u.failed(checkSenders, err.Error(), senderAdvice)
		return nil
	}
	mapping, err := file.Mapping(composer)
	if err != nil {
		return err
	}
	u.unmapped = mapping.Unmapped
	unused := ""
	if len(mapping.Unused) > 0 {
		unused = "; mapped, but the author of nothing that is to be sent: " + strings.Join(mapping.Unused, ", ")
	}
	names := strings.Join(namesOf(u.unmapped), ", ")
	switch {
	case len(u.unmapped) > 0 && composer.BotID == "":
		err := &importer.NoSenderError{Authors: u.unmapped}
		u.failed(checkSenders, err.Error()+": of "+names+unused, senderAdvice)
	case len(u.unmapped) > 0:
		u.ok(checkSenders, "as from the bot: what %s wrote%s", names, unused)
	case mapping.Authors == 0:
		u.ok(checkSenders, "nothing outgoing is to be sent%s", unused)
	default:
		u.ok(checkSenders, "every author is mapped to a Kommo user%s", unused)
	}
	return nil
}

// The bytes that sending needs on the disk: for the files of SQLite beside the migration file, and for the ids in the
// answers of Kommo.
const (
	diskAlways     = 50 << 20
	diskPerMessage = 200
)

func (u *checkup) reportDisk(place migration.FileInfo, messages int) {
	need := uint64(diskAlways + diskPerMessage*messages)
	switch {
	case !place.FreeKnown:
		u.notTested("the system does not tell how much is free", checkDisk)
	case place.Free < need:
		u.failed(checkDisk, amount(place.Free)+" beside the migration file; sending takes "+amount(need),
			"Free some space, or copy the migration file to another disk and name it with --migration.")
	default:
		u.ok(checkDisk, "%s beside the migration file", amount(place.Free))
	}
}
