"""Pages to search in: a page a term, in two languages, with neighbours that could be mistaken.

The Japanese compounds share characters on purpose (楽観的ロック and 悲観的ロック, 照合順序 and
順序), so that a search for pairs of characters has something to get wrong.
"""

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

TERMS = {
    "isolation level": "分離レベル",
    "collation": "照合順序",
    "order of results": "結果の順序",
    "optimistic locking": "楽観的ロック",
    "pessimistic locking": "悲観的ロック",
    "deadlock": "デッドロック",
    "character set": "文字セット",
    "connection pool": "接続プール",
    "connection string": "接続文字列",
    "savepoint": "セーブポイント",
    "rollback": "ロールバック",
    "foreign key": "外部キー",
    "primary key": "主キー",
    "unique constraint": "一意制約",
    "check constraint": "検査制約",
    "generated column": "生成列",
    "window function": "ウィンドウ関数",
    "aggregate function": "集計関数",
    "stored procedure": "ストアドプロシージャ",
    "time zone": "タイムゾーン",
    "full-text search": "全文検索",
    "partitioned table": "パーティションテーブル",
    "temporary table": "一時テーブル",
    "execution plan": "実行計画",
    "statistics": "統計情報",
    "slow query log": "スロークエリログ",
    "replica lag": "レプリカの遅延",
    "read replica": "読み取りレプリカ",
    "certificate authority": "認証局",
    "encrypted connection": "暗号化された接続",
    "password rotation": "パスワードの更新",
    "schema migration": "スキーマ移行",
    "data migration": "データ移行",
    "bulk insert": "一括挿入",
    "upsert": "アップサート",
    "batch size": "バッチサイズ",
    "cursor pagination": "カーソルによるページ分け",
    "soft delete": "論理削除",
    "hard delete": "物理削除",
    "trailing space": "末尾の空白",
    "case folding": "大文字小文字の畳み込み",
    "emoji": "絵文字",
    "half-width kana": "半角カナ",
    "null ordering": "NULL の並び順",
    "integer division": "整数の除算",
    "decimal precision": "小数の精度",
    "vector index": "ベクトル索引",
    "cosine distance": "コサイン距離",
    "auto increment": "自動採番",
    "identifier length": "識別子の長さ",
    "reserved word": "予約語",
    "storage engine": "ストレージエンジン",
    "garbage collection": "ガベージコレクション",
    "hot spot": "ホットスポット",
    "placement rule": "配置ルール",
    "backup": "バックアップ",
    "point-in-time recovery": "特定時点への復旧",
    "blue-green deployment": "ブルーグリーンデプロイ",
    "health check": "死活監視",
    "rate limit": "流量制限",
}

#: Functions and settings, which are the same in both languages: one a page.
NAMES = ["select_for_update", "bulk_create", "CONN_MAX_AGE", "GET_LOCK", "tidb_txn_mode"]


def write(root: Path) -> None:
    """Put the pages into docs/, and their Japanese into locale/."""
    words = list(TERMS.items())
    names = []
    for number, (english, japanese) in enumerate(words):
        other, another = words[(number + 7) % len(words)][0], words[(number + 23) % len(words)][0]
        code = NAMES[number] if number < len(NAMES) else f"setting_{number}"
        messages = {
            f"Notes on {english}": f"{japanese}についてのメモ",
            f"Choose the {english} before `{code}`.": f"`{code}` の前に、{japanese}を選びます。",
            f"It has nothing to do with {other}.": f"これは{TERMS[other]}とは関係ありません。",
            f"Later pages treat {another}.": f"{TERMS[another]}は、後のページで扱います。",
        }
        name = f"page{number:02}"
        names.append(name)
        head, *texts = messages
        path = root / "docs" / f"{name}.md"
        path.write_text("\n\n".join([f"# {head}", *texts]) + "\n", encoding="utf-8")
        catalogue = Catalog(locale="ja")
        for english_text, japanese_text in messages.items():
            catalogue.add(english_text, japanese_text)
        po = root / "locale/ja/LC_MESSAGES" / f"{name}.po"
        po.parent.mkdir(parents=True, exist_ok=True)
        with po.open("wb") as file:
            write_po(file, catalogue)
    toctree = "\n".join(names)
    (root / "docs/index.md").write_text(f"# Home\n\n```{{toctree}}\n{toctree}\n```\n")
