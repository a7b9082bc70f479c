package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tenure/notifier"
	"tenure/service"
)

// mailSettings say how messages leave the house: flags of serve, else the
// environment, which commands on a data folder go by as well.
type mailSettings struct {
	smtp, tls, user, passwordFile, from, publicURL string
}

// mailSettingsFromEnvironment are what is set where no flag is given.
func mailSettingsFromEnvironment() mailSettings {
	return mailSettings{
		smtp: os.Getenv("TENURE_SMTP"), tls: os.Getenv("TENURE_SMTP_TLS"), user: os.Getenv("TENURE_SMTP_USER"),
		passwordFile: os.Getenv("TENURE_SMTP_PASSWORD_FILE"), from: os.Getenv("TENURE_MAIL_FROM"), publicURL: os.Getenv("TENURE_PUBLIC_URL"),
	}
}

// flags lets the settings be given on the command line.
func (m *mailSettings) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&m.smtp, "smtp", m.smtp, "mail server, HOST:PORT; without one, mail is put into the folder mail (TENURE_SMTP)")
	flags.StringVar(&m.tls, "smtp-tls", m.tls, "starttls (if empty), starttls-if-offered, implicit or none (TENURE_SMTP_TLS)")
	flags.StringVar(&m.user, "smtp-user", m.user, "user at the mail server (TENURE_SMTP_USER)")
	flags.StringVar(&m.passwordFile, "smtp-password-file", m.passwordFile, "file with that user's password (TENURE_SMTP_PASSWORD_FILE)")
	flags.StringVar(&m.from, "mail-from", m.from, `sender of mail, for instance "Tenure <tenure@example.org>" (TENURE_MAIL_FROM)`)
	flags.StringVar(&m.publicURL, "public-url", m.publicURL, "address of the pages, for links in mail (TENURE_PUBLIC_URL)")
	must(cmd.RegisterFlagCompletionFunc("smtp-tls", cobra.FixedCompletions(
		[]string{string(notifier.TLSStart), string(notifier.TLSStartIfOffered), string(notifier.TLSImplicit), string(notifier.TLSNone)},
		cobra.ShellCompDirectiveNoFileComp)))
}

// mail reads the password, and gives what the service needs.
func (m mailSettings) mail() (service.Mail, error) {
	mail := service.Mail{From: m.from, PublicURL: m.publicURL}
	if m.smtp == "" {
		return mail, nil
	}
	mail.SMTP = &notifier.SMTP{Address: m.smtp, TLS: notifier.TLSMode(m.tls), User: m.user}
	if m.passwordFile != "" {
		password, err := os.ReadFile(m.passwordFile)
		if err != nil {
			return mail, fmt.Errorf("read the password for the mail server: %w", err)
		}
		mail.SMTP.Password = strings.TrimRight(string(password), "\r\n")
	}
	return mail, nil
}
