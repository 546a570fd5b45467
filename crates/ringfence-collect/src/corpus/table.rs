//! One Parquet file of one table, written row group by row group and put in place whole.

use crate::error::Error;
use parquet::basic::{Compression, ZstdLevel};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const FILE_NAME: &str = "part-0.parquet";
// Hidden, so that readers which take every Parquet file of a folder do not see it.
const PART_NAME: &str = ".part-0.tmp";
const GROUP_ROWS: usize = 10_000;

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Int,
    /// An instant: UTC, milliseconds.
    Time,
    /// A UUID of 16 bytes.
    Uuid,
    /// Yes or no.
    Bool,
}

/// A column and its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it may be absent.
    pub optional: bool,
    /// What it means.
    pub meaning: &'static str,
}

/// A table and its meaning.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// What a row is.
    pub meaning: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
}

/// A value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cell {
    /// Of [`Kind::Text`].
    Text(Option<String>),
    /// Of [`Kind::Int`] or [`Kind::Time`].
    Int(Option<i64>),
    /// Of [`Kind::Uuid`].
    Uuid(Option<[u8; 16]>),
    /// Of [`Kind::Bool`].
    Bool(bool),
}

/// A file being written; the one before it stays until [`TableFile::end`].
pub struct TableFile {
    table: &'static Table,
    folder: PathBuf,
    writer: SerializedFileWriter<File>,
    rows: Vec<Vec<Cell>>,
    n_rows: usize,
}

impl std::fmt::Debug for TableFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TableFile({:?})", self.folder)
    }
}

impl TableFile {
    /// Begins a file in a folder.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn begin(folder: &Path, table: &'static Table) -> Result<Self, Error> {
        fs::create_dir_all(folder).map_err(|e| Error::disk("making a table", e))?;
        let file = File::create(folder.join(PART_NAME))
            .map_err(|e| Error::disk("beginning a table", e))?;
        let schema = Arc::new(parse_message_type(&schema_text(table))?);
        let mut meanings = vec![
            KeyValue::new("table".to_owned(), table.name.to_owned()),
            KeyValue::new("description".to_owned(), table.meaning.to_owned()),
        ];
        for column in table.columns {
            let key = format!("column.{}.description", column.name);
            meanings.push(KeyValue::new(key, column.meaning.to_owned()));
        }
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
            .set_created_by(concat!("ringfence ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_key_value_metadata(Some(meanings))
            .build();
        Ok(Self {
            table,
            folder: folder.to_owned(),
            writer: SerializedFileWriter::new(file, schema, Arc::new(properties))?,
            rows: Vec::new(),
            n_rows: 0,
        })
    }

    /// Adds rows; each has one cell for each column.
    ///
    /// # Errors
    /// A row does not fit the table, or the disk refuses.
    pub fn rows(&mut self, rows: Vec<Vec<Cell>>) -> Result<(), Error> {
        self.rows.extend(rows);
        if self.rows.len() >= GROUP_ROWS {
            self.flush()?;
        }
        Ok(())
    }

    /// Puts the file in place of the one before it; without any row, there is none.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn end(mut self) -> Result<(), Error> {
        self.flush()?;
        let part = self.folder.join(PART_NAME);
        let whole = self.folder.join(FILE_NAME);
        let file = self.writer.into_inner()?;
        if self.n_rows == 0 {
            drop(file);
            for path in [&part, &whole] {
                if let Err(error) = fs::remove_file(path)
                    && error.kind() != std::io::ErrorKind::NotFound
                {
                    return Err(Error::disk("removing an empty table", error));
                }
            }
            // Fails while another file is in it, and then it is not empty.
            let _ = fs::remove_dir(&self.folder);
            return Ok(());
        }
        file.sync_all()
            .and_then(|()| fs::rename(&part, &whole))
            .and_then(|()| File::open(&self.folder)?.sync_all())
            .map_err(|e| Error::disk("putting a table in place", e))
    }

    fn flush(&mut self) -> Result<(), Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        self.n_rows += rows.len();
        let mut group = self.writer.next_row_group()?;
        for (index, column) in self.table.columns.iter().enumerate() {
            let cells = rows.iter().map(|row| row.get(index));
            let mut levels = Vec::with_capacity(rows.len());
            let mut values = Values::new(column.kind);
            for cell in cells {
                let given = values.push(cell.ok_or_else(|| misfit(column))?);
                let given = given.ok_or_else(|| misfit(column))?;
                if !given && !column.optional {
                    return Err(misfit(column).into());
                }
                levels.push(i16::from(given));
            }
            let levels = column.optional.then_some(levels.as_slice());
            let mut writer = group.next_column()?.ok_or_else(|| misfit(column))?;
            match &values {
                Values::Int(v) => writer.typed::<Int64Type>().write_batch(v, levels, None)?,
                Values::Text(v) => writer
                    .typed::<ByteArrayType>()
                    .write_batch(v, levels, None)?,
                Values::Uuid(v) => writer
                    .typed::<FixedLenByteArrayType>()
                    .write_batch(v, levels, None)?,
                Values::Bool(v) => writer.typed::<BoolType>().write_batch(v, levels, None)?,
            };
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }
}

enum Values {
    Int(Vec<i64>),
    Text(Vec<ByteArray>),
    Uuid(Vec<FixedLenByteArray>),
    Bool(Vec<bool>),
}

impl Values {
    const fn new(kind: Kind) -> Self {
        match kind {
            Kind::Int | Kind::Time => Self::Int(Vec::new()),
            Kind::Text => Self::Text(Vec::new()),
            Kind::Uuid => Self::Uuid(Vec::new()),
            Kind::Bool => Self::Bool(Vec::new()),
        }
    }

    // Whether there is a value; nothing when it is of another kind.
    fn push(&mut self, cell: &Cell) -> Option<bool> {
        match (self, cell) {
            (Self::Int(values), Cell::Int(value)) => {
                values.extend(*value);
                Some(value.is_some())
            }
            (Self::Text(values), Cell::Text(value)) => {
                values.extend(value.as_deref().map(ByteArray::from));
                Some(value.is_some())
            }
            (Self::Uuid(values), Cell::Uuid(value)) => {
                values.extend(value.map(|bytes| FixedLenByteArray::from(bytes.to_vec())));
                Some(value.is_some())
            }
            (Self::Bool(values), Cell::Bool(value)) => {
                values.push(*value);
                Some(true)
            }
            (Self::Int(_) | Self::Text(_) | Self::Uuid(_) | Self::Bool(_), _) => None,
        }
    }
}

fn misfit(column: &Column) -> ParquetError {
    ParquetError::General(format!("a value does not fit the column {}", column.name))
}

fn schema_text(table: &Table) -> String {
    let mut text = format!("message {} {{", table.name);
    for column in table.columns {
        let repetition = if column.optional {
            "optional"
        } else {
            "required"
        };
        let (physical, logical) = match column.kind {
            Kind::Text => ("binary", " (STRING)"),
            Kind::Int => ("int64", ""),
            Kind::Time => ("int64", " (TIMESTAMP(MILLIS,true))"),
            Kind::Uuid => ("fixed_len_byte_array(16)", " (UUID)"),
            Kind::Bool => ("boolean", ""),
        };
        let name = column.name;
        // Writing to a text does not fail.
        let _ = write!(text, " {repetition} {physical} {name}{logical};");
    }
    text.push_str(" }");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::schema;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};

    static TABLE: Table = Table {
        name: "things",
        meaning: "A thing.",
        columns: &[
            Column {
                name: "id",
                kind: Kind::Uuid,
                optional: false,
                meaning: "Its id.",
            },
            Column {
                name: "at",
                kind: Kind::Time,
                optional: true,
                meaning: "When.",
            },
        ],
    };

    #[test]
    fn what_is_written_is_read_and_described() {
        let folder = tempfile::tempdir().unwrap();
        let mut file = TableFile::begin(folder.path(), &TABLE).unwrap();
        let row = |at| vec![Cell::Uuid(Some([7; 16])), Cell::Int(at)];
        file.rows(vec![row(Some(5)), row(None)]).unwrap();
        file.end().unwrap();
        let file = File::open(folder.path().join(FILE_NAME)).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<String> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|r| r.unwrap().to_string())
            .collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].contains("1970-01-01 00:00:00"), "{rows:?}");
        let meta = reader.metadata().file_metadata().key_value_metadata();
        let said = format!("{meta:?}");
        assert!(said.contains("A thing.") && said.contains("column.at.description"));
        assert!(!folder.path().join(PART_NAME).exists());
    }

    #[test]
    fn a_table_without_rows_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let partition = folder.path().join("dt=2026-03-02");
        let mut file = TableFile::begin(&partition, &TABLE).unwrap();
        file.rows(vec![vec![Cell::Uuid(Some([7; 16])), Cell::Int(None)]])
            .unwrap();
        file.end().unwrap();
        TableFile::begin(&partition, &TABLE).unwrap().end().unwrap();
        assert!(!partition.exists());
    }

    #[test]
    fn a_row_that_does_not_fit_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for row in [vec![], vec![Cell::Uuid(None), Cell::Int(None)]] {
            let mut file = TableFile::begin(folder.path(), &TABLE).unwrap();
            file.rows(vec![row]).unwrap();
            assert!(file.end().is_err());
        }
    }

    #[test]
    fn every_table_begins_with_the_account_and_explains_itself() {
        for table in schema::ALL {
            parse_message_type(&schema_text(table)).unwrap();
            assert_eq!(table.columns[0].name, "account");
            assert!(table.columns.iter().all(|c| c.meaning.ends_with('.')));
        }
    }
}
