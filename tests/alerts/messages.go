// Executes what Grafana executes of an alert, with Go's own text/template: the annotations of each alert, then the
// templates of messages. Names, data and functions are those of Grafana's documentation ("Notification template
// reference", "Alert rule template reference"). Reads a request from standard input, writes the texts of each case.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"regexp"
	"strings"
	"text/template"
)

type alert struct {
	Status      string
	Labels      map[string]string
	Annotations map[string]string
	Values      map[string]float64
}

type alerts []alert

func (all alerts) Firing() []alert   { return all.of("firing") }
func (all alerts) Resolved() []alert { return all.of("resolved") }

func (all alerts) of(status string) []alert {
	found := []alert{}
	for _, one := range all {
		if one.Status == status {
			found = append(found, one)
		}
	}
	return found
}

type group struct {
	Status, ExternalURL             string
	Alerts                          alerts
	CommonLabels, CommonAnnotations map[string]string
}

type value struct {
	Value float64
}

type request struct {
	Templates []string
	Messages  []string
	Cases     []struct {
		ExternalURL string
		Alerts      alerts
	}
}

func main() {
	log.SetFlags(0)
	var asked request
	check(json.NewDecoder(os.Stdin).Decode(&asked))
	root := template.New("").Option("missingkey=zero").Funcs(template.FuncMap{
		"match":   regexp.MatchString,
		"toUpper": strings.ToUpper,
		"toLower": strings.ToLower,
		"join":    func(between string, all []string) string { return strings.Join(all, between) },
	})
	for _, text := range asked.Templates {
		template.Must(root.Parse(text))
	}
	told := [][]string{}
	for _, one := range asked.Cases {
		told = append(told, tell(root, asked.Messages, grouped(one.ExternalURL, one.Alerts)))
	}
	check(json.NewEncoder(os.Stdout).Encode(told))
}

func tell(root *template.Template, messages []string, of group) []string {
	texts := []string{}
	for _, text := range messages {
		// A contact point holds a text of its own, which names one of the templates.
		whole := template.Must(template.Must(root.Clone()).Parse(text))
		texts = append(texts, executed(whole.Option("missingkey=zero"), of))
	}
	return texts
}

func grouped(url string, all alerts) group {
	of := group{Status: "resolved", ExternalURL: url, Alerts: all}
	var labels, annotations []map[string]string
	for n := range all {
		for name, text := range all[n].Annotations {
			all[n].Annotations[name] = annotated(text, all[n])
		}
		if all[n].Status == "firing" {
			of.Status = "firing"
		}
		labels = append(labels, all[n].Labels)
		annotations = append(annotations, all[n].Annotations)
	}
	of.CommonLabels, of.CommonAnnotations = common(labels), common(annotations)
	return of
}

func common(all []map[string]string) map[string]string {
	found := map[string]string{}
	for name, text := range all[0] {
		is := true
		for _, other := range all {
			is = is && other[name] == text
		}
		if is {
			found[name] = text
		}
	}
	return found
}

func annotated(text string, of alert) string {
	values := map[string]value{}
	for name, number := range of.Values {
		values[name] = value{number}
	}
	data := map[string]any{"Labels": of.Labels, "Values": values, "Value": ""}
	names := "{{ $labels := .Labels }}{{ $values := .Values }}{{ $value := .Value }}"
	whole := template.New("").Option("missingkey=invalid").Funcs(template.FuncMap{
		// As Prometheus' template package does it, which Grafana uses.
		"humanizeDuration": func(of float64) string {
			seconds := int64(of)
			days, hours, minutes := seconds/86400, seconds/3600%24, seconds/60%60
			switch {
			case days != 0:
				return fmt.Sprintf("%dd %dh %dm %ds", days, hours, minutes, seconds%60)
			case hours != 0:
				return fmt.Sprintf("%dh %dm %ds", hours, minutes, seconds%60)
			case minutes != 0:
				return fmt.Sprintf("%dm %ds", minutes, seconds%60)
			}
			return fmt.Sprintf("%ds", seconds)
		},
		"humanizePercentage": func(share float64) string { return fmt.Sprintf("%.4g%%", share*100) },
	})
	return executed(template.Must(whole.Parse(names+text)), data)
}

func executed(text *template.Template, data any) string {
	var said strings.Builder
	check(text.Execute(&said, data))
	return said.String()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
