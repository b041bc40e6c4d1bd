// Asks a store as Grafana's ClickHouse plugin does: with its client, over HTTP. A query a line in, its answer a line out.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

type question struct {
	SQL        string
	Parameters map[string]string
}

type answer struct {
	Columns []string
	Types   []string
	Rows    [][]any
	Error   string
}

func main() {
	connection, err := clickhouse.Open(&clickhouse.Options{
		Protocol:    clickhouse.HTTP,
		Addr:        []string{os.Getenv("STORE")},
		Auth:        clickhouse.Auth{Database: "default", Username: "reader", Password: os.Getenv("PASSWORD")},
		Settings:    clickhouse.Settings{"max_execution_time": 64},
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionGZIP},
		DialTimeout: 10 * time.Second,
		ReadTimeout: 60 * time.Second,
	})
	if err == nil {
		err = connection.Ping(context.Background())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		found, err := ask(connection, asked)
		if err != nil {
			found = answer{Error: err.Error()}
		}
		if err := out.Encode(found); err != nil {
			panic(err)
		}
	}
}

func ask(connection driver.Conn, asked question) (answer, error) {
	ctx := context.Background()
	if len(asked.Parameters) > 0 {
		ctx = clickhouse.Context(ctx, clickhouse.WithParameters(asked.Parameters))
	}
	rows, err := connection.Query(ctx, asked.SQL)
	if err != nil {
		return answer{}, err
	}
	defer rows.Close()
	found := answer{Columns: rows.Columns(), Rows: [][]any{}}
	for _, column := range rows.ColumnTypes() {
		found.Types = append(found.Types, column.DatabaseTypeName())
	}
	for rows.Next() {
		row := make([]any, len(found.Columns))
		for n, column := range rows.ColumnTypes() {
			row[n] = reflect.New(column.ScanType()).Interface()
		}
		if err := rows.Scan(row...); err != nil {
			return answer{}, err
		}
		found.Rows = append(found.Rows, row)
	}
	return found, rows.Err()
}
